"""Where a shell rule may end in `*`, and what that `*` may stand for.

The lists are of well-known programs and cannot be complete; they bind only what a person writes by hand, for
"always allow" never writes a `*`.
"""

from __future__ import annotations

import re


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# No option, no `=`, and nothing that a second shell, a response file or a forced push would read otherwise.
PLAIN_ARGUMENT = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./:,@%+-]*")

# What these do with what they read is to print it; anything else behind a pipe may run or obey it.
PIPE_FILTERS = names("cat column cut egrep fgrep fold grep head jq nl rev sort tac tail tr uniq wc")

# Programs that run their arguments, or change what the commands after them mean.
_RUNNERS = names(
    """
    . alias at autoload awk bash batch bind builtin bunx busybox cd chroot chrt cmd command complete
    crontab csh dash dbus-run-session declare deno doas ed emacs emulate enable entr env eval ex exec
    expect export faketime fc find firejail fish flock function gawk gdb getopts hash ionice irb java ksh
    ld-linux ld-linux-x86-64.so let local ltrace lua man mapfile mawk mksh nawk nc ncat nice node nodejs
    nohup npx nsenter nvim osascript parallel perl php pipx pkexec popd powershell proot psql pushd pwsh
    pypy python read readarray readonly rlwrap rsync ruby runuser scp screen script sed set setarch
    setpriv setsid sh shopt socat source sqlite ssh start start-stop-daemon stdbuf strace su sudo
    systemd-run tar taskset tclsh tcsh time timeout tmux trap ts-node tsx typeset unalias unbuffer unset
    unshare uvx valgrind vi vim watch wsl xargs xvfb-run zmodload zsh
    """
)
# Programs of many commands, some of which run others: a `*` may only follow a named one.
_MULTIPLEXERS = names(
    """
    apk apt apt-get aws az brew bun bundle cargo composer conda docker dotnet fossil gcloud gem gh git glab go
    gradle gradlew hatch helm hg jj just kubectl make minikube mvn mvnw nerdctl nix npm nx pdm pip pipenv pnpm
    podman poetry rake rustup svn systemctl task terraform tofu turbo uv yarn
    """
)
_ENVIRONMENT_MANAGERS = ("bundle", "hatch", "composer", "conda", "pdm", "pipenv", "poetry", "uv")
_RUNNING_SUBCOMMANDS = frozenset(
    f"{program} {subcommand}"
    for program, subcommands in {
        "git": "bisect config difftool filter-branch for-each-repo hook mergetool remote-ext submodule",
        "npm": "config exec explore set x",
        "pnpm": "config dlx exec set",
        "yarn": "config dlx exec node",
        "bun": "exec run x",
        "docker": "buildx compose container exec run",
        "podman": "compose container exec run unshare",
        "nerdctl": "compose container exec run",
        "kubectl": "config debug exec run",
        "gh": "alias api codespace config extension",
        "glab": "alias api config",
        "go": "env generate run tool",
        "cargo": "run script",
        "dotnet": "exec run script tool",
        "gem": "exec",
        "nix": "develop run shell",
        "rustup": "run",
        "aws": "configure ssm",
        "gcloud": "config compute",
        **dict.fromkeys(_ENVIRONMENT_MANAGERS, "config exec run shell tool"),
    }.items()
    for subcommand in subcommands.split()
)
_VERSION = re.compile(r"(?<=.)[-.]?\d[\d.]*$")


def why_not_open_ended(words: tuple[str, ...]) -> str | None:
    """What to tell a person who put a `*` after these words, or None if it may stand there."""
    path, *arguments = words
    # /usr/bin/Python3.11.exe is python: some file systems see no difference either
    program = _VERSION.sub("", path.rpartition("/")[2].lower().removesuffix(".exe"))
    if program in _RUNNERS:
        return f"`{program}` can run or change other commands: write it out in full, without `*`."
    if program not in _MULTIPLEXERS:
        return None
    if not arguments or not PLAIN_ARGUMENT.fullmatch(arguments[0]):
        return f"Name a subcommand right after `{program}`, as in `git log *`."
    subcommand = f"{program} {arguments[0]}"
    if subcommand in _RUNNING_SUBCOMMANDS:
        return f"`{subcommand}` can run or change other commands: write it out in full, without `*`."
    return None
