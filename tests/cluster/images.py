"""The product's images, built from its Dockerfiles with buildah and kept outside the checkout."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cluster import base_image, packages
from cluster.buildah import buildah
from cluster.lock import alone
from cluster.programs import CACHE
from cluster.progress import Say, telling

CHECKOUT = Path(__file__).parents[2]
PARTS = ("operator", "inference")
"""What an installation needs; `inference` speaks by espeak-ng."""
ENGINES = ("inference-f5", "inference-google", "inference-xtts")
SOURCES = (
    "pyproject.toml",
    "README.md",
    "flags",
    "inference",
    "operator",
    "locks/build.txt",
    "locks/torch.txt",
)
KEPT = 2
REPOSITORY = "localhost/voice-rollout"
CERTIFICATES = Path("/etc/ssl/certs")
# How this machine reaches the package registries is its own affair: the builds inherit it.
INHERITED = ("PIP_CERT", "PIP_INDEX_URL", "SSL_CERT_FILE", "UV_DEFAULT_INDEX")


@dataclass(frozen=True)
class Image:
    """A built image. `tag` names what it was built from: it changes when, and only when, that does."""

    part: str
    tag: str

    @property
    def program(self) -> str:
        """`operator` or `inference`."""
        return self.part.partition("-")[0]

    @property
    def engine(self) -> str:
        """The engine inside; the operator has none."""
        return self.part.partition("-")[2] or {"inference": "espeak"}.get(self.part, "")

    @property
    def value(self) -> str:
        """Where the chart's values name it."""
        return f"images.engines.{self.engine}" if self.part in ENGINES else f"images.{self.part}"

    @property
    def lock(self) -> str:
        return f"locks/{'-'.join(filter(None, (self.program, self.engine)))}.txt"

    @property
    def name(self) -> str:
        return f"{REPOSITORY}/{self.part}:{self.tag}"

    @property
    def dev_name(self) -> str:
        """The name that stands for the newest build."""
        return f"{REPOSITORY}/{self.part}:dev"

    @property
    def archive(self) -> Path:
        return CACHE / "images" / f"{self.part}-{self.tag}.tar"


def build_all(say: Say, parts: Sequence[str] = PARTS) -> list[Image]:
    """Build the images whose sources have changed since they were built."""
    with alone("the images", say, patience=900):
        images = [of_these_sources(part) for part in parts]
        outdated = [image for image in images if not image.archive.exists()]
        if outdated:
            packages.require(packages.IMAGES, say)
            base = base_image.choose(say)
            for image in outdated:
                build(image, base, say)
            # buildah of Debian 12 leaves a container of every stage in which nothing is done, with all below it copied.
            buildah("rm", "--all")
    return images


def build(image: Image, base: str, say: Say) -> None:
    settings = {name: os.environ[name] for name in INHERITED if name in os.environ}
    settings |= {"BASE_IMAGE": base} | ({"ENGINE": image.engine} if image.engine else {})
    words = (
        "--layers",
        "--network=host",
        "--pull=never" if base.startswith("localhost/") else "--pull=missing",
        f"--volume={CERTIFICATES}:{CERTIFICATES}:ro",
        *(f"--build-arg={name}={value}" for name, value in settings.items()),
        # What stays in an image is fetched with the secret; the operator's final stage fetches nothing.
        *(["--secret=id=PIP_INDEX_URL,env=PIP_INDEX_URL"] if "PIP_INDEX_URL" in os.environ else []),
        f"--ignorefile={CHECKOUT}/.dockerignore",
        f"--file={CHECKOUT}/Dockerfile.{image.program}",
        f"--tag={image.dev_name}",
    )
    with telling(say, lambda: f"still building the {image.part} image"):
        buildah("build", *words, str(CHECKOUT))
        export(image)
    say(f"built {image.name}")


def export(image: Image) -> None:
    """Write the newest build to its archive, and keep a few earlier ones: others may be loading them."""
    image.archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = image.archive.with_suffix(".unfinished")
    target = f"oci-archive:{unfinished}:{image.name}"
    buildah("push", "--quiet", "--disable-compression", image.dev_name, target)
    unfinished.rename(image.archive)
    archives = image.archive.parent.glob(f"{image.part}-{'[0-9a-f]' * 12}.tar")
    for old in sorted(archives, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        old.unlink()


def of_these_sources(part: str) -> Image:
    """The image, built or not, that this checkout's sources make."""
    unnamed = Image(part, "")
    return replace(unnamed, tag=source_hash(unnamed))


def source_hash(image: Image) -> str:
    digest = hashlib.sha256(os.environ.get("BASE_IMAGE", "").encode())
    for source in (*SOURCES, image.lock, f"Dockerfile.{image.program}", ".dockerignore"):
        for path in files(CHECKOUT / source):
            digest.update(str(path.relative_to(CHECKOUT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for inner in sorted(path.rglob("*")):
        if inner.is_file() and "__pycache__" not in inner.parts:
            yield inner
