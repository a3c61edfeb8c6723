"""What somebody does who has an installed copy and README's section "Linking": a folder with its program, built in one of its ways."""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="tilewise link "))


def run(*command, cwd=FOLDER, **environment):
    """What the command prints. A failure is a failed test that shows all of it."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=os.environ | environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise AssertionError(f"{shlex.join(str(word) for word in command)}\n{done.stdout}")
    return done.stdout


def readme_blocks():
    """README's blocks on linking, by their language."""
    section = re.search(r"^## Linking\n(.*?)^## ", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[1]
    blocks = {}
    for language, text in re.findall(r"^```(\w+)\n(.*?)^```", section, re.DOTALL | re.MULTILINE):
        blocks.setdefault(language, []).append(text)
    return blocks


BLOCKS = readme_blocks()
INSTALL, PKG_CONFIG = BLOCKS["sh"]
(PROGRAM,), (CMAKE,), (MESON,) = BLOCKS["cpp"], BLOCKS["cmake"], BLOCKS["meson"]


def program_folder(name, **files):
    """A folder with README's program and a build file."""
    folder = FOLDER / name
    folder.mkdir(parents=True)
    (folder / "digits.cpp").write_text(PROGRAM, encoding="utf-8")
    for file, text in files.items():
        (folder / file.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def standard_flag(compiler, standard):
    """Compilers older than the standard know it by its working name."""
    for name in (f"-std=c++{standard}", "-std=c++2b"):
        if subprocess.run([compiler, name, "-fsyntax-only", "-xc++", os.devnull], capture_output=True).returncode == 0:
            return name
    raise AssertionError(f"{compiler} has no C++{standard}")


def pkg_config_path(prefix):
    return {"PKG_CONFIG_PATH": str(next(prefix.rglob("tilewise.pc")).parent)}


def flags(prefix, *options):
    return shlex.split(run("pkg-config", *options, "tilewise", **pkg_config_path(prefix)))


def build_with_pkg_config(folder, prefix, compiler, standard):
    line = PKG_CONFIG.strip()
    assert line.startswith("c++ -std=c++20 "), line
    line = line.replace("c++ -std=c++20", shlex.join([compiler, standard_flag(compiler, standard), *WARNINGS]))
    # Read twice, for pkg-config quotes the spaces of its paths.
    run("sh", "-c", f'eval "{line}"', cwd=folder, **pkg_config_path(prefix))
    return folder / "digits"


def configure_with_cmake(folder, prefix, *options):
    run("cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", *options, cwd=folder)


def build_with_cmake(folder, prefix, compiler, standard):
    configure_with_cmake(folder, prefix, f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_CXX_FLAGS={' '.join(WARNINGS)}",
                         f"-DCMAKE_CXX_STANDARD={standard}")
    run("cmake", "--build", "build", cwd=folder)
    return folder / "build/digits"
