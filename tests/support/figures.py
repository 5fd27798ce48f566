"""What a gateway counts between the engines xtts (stable) and f5-tts (candidate)."""


def counted(figures: dict[str, float], variant: str, status: str) -> float:
    name = {"stable": "xtts", "candidate": "f5-tts"}[variant]
    labels = f'character="",rollout="f5-tts",status="{status}",variant="{variant}",voice_model="{name}"'
    return figures[f"tts_synthesis_total{{{labels}}}"]


def figure(figures: dict[str, float], name: str, variant: str = "candidate") -> float:
    return figures[f'{name}{{rollout="f5-tts",variant="{variant}"}}']
