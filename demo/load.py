"""Users who speak: runs inside the cluster and prints one JSON line a request.

python load.py URL RATE USERS: RATE requests a second, in open loop, from USERS distinct users, until SIGTERM.
Every other user listens while he is being spoken to, the others take whole files.
"""

import asyncio
import contextlib
import itertools
import json
import random
import signal
import sys
import time

import aiohttp

SENTENCES = (
    "Bom dia! A sua consulta está marcada para as dez horas.",
    "O pedido saiu para entrega e chega ainda hoje.",
    "Por favor, confirme o endereço antes de continuar.",
    "A próxima estação é Consolação, desembarque pelo lado direito.",
    "Hoje a temperatura máxima será de vinte e oito graus.",
    "Sua senha foi alterada com sucesso.",
)


async def speak(session: aiohttp.ClientSession, url: str, request: dict[str, str]) -> None:
    began = time.time()
    line = {"at": began, "user": request["user"], "streamed": "stream_format" in request, "heard": 0}
    try:
        async with session.post(url, json=request) as answer:
            async for part in answer.content.iter_any():
                line["heard"] += len(part)
            told = {
                name: answer.headers.get(f"X-{name}", "") for name in ("Variant", "Flag-Reason", "Fallback")
            }
            line |= {"status": answer.status, "variant": told["Variant"], "reason": told["Flag-Reason"]}
            line |= {
                "fallback": told["Fallback"],
                "generation": int(answer.headers.get("X-Flag-Generation") or 0),
            }
    except (aiohttp.ClientError, TimeoutError) as error:
        line |= {"status": 0, "error": f"{type(error).__name__}: {error}"}
    line["seconds"] = round(time.time() - began, 4)
    print(json.dumps(line), flush=True)


async def main(url: str, rate: float, users: int) -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    people = [f"user-{number}" for number in range(users)]
    random.Random(7).shuffle(people)
    order, began = itertools.cycle(people), time.monotonic()
    tasks: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        for number in itertools.count():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.0, began + number / rate - time.monotonic()))
            if stop.is_set():
                break
            request = {"input": SENTENCES[number % len(SENTENCES)], "user": next(order)}
            if number % 2:
                request["stream_format"] = "audio"
            task = asyncio.create_task(speak(session, url, request))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
