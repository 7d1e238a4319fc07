"""What a line means to bash is what the parser says, or the parser says nothing."""

import itertools
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.permissions.command_line import MAX_LENGTH, parse_command_line, parse_commands, quote_command

UNDERSTOOD = [
    ("git status", [["git", "status"]]),
    ("  git\t status ", [["git", "status"]]),
    ("git log --oneline -n 5", [["git", "log", "--oneline", "-n", "5"]]),
    ("git -c core.pager=x log", [["git", "-c", "core.pager=x", "log"]]),
    ("git commit -m 'a; rm -rf $(x) `y` & > *'", [["git", "commit", "-m", "a; rm -rf $(x) `y` & > *"]]),
    ('git commit -m "it\'s; done & dusted"', [["git", "commit", "-m", "it's; done & dusted"]]),
    ('echo "x""y"z\'w\'', [["echo", "xyzw"]]),
    ("echo '' \"\"", [["echo", "", ""]]),
    ("g'i't status", [["git", "status"]]),
    ("echo 'Grüße' \"見る\"", [["echo", "Grüße", "見る"]]),
    ("a && b || c; d | e\nf", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
    ("a &&\n b |\n\n c ;", [["a"], ["b"], ["c"]]),
    ("\n\na\n\nb\n", [["a"], ["b"]]),
    ("go test ./...", [["go", "test", "./..."]]),
    ("dd if=a of=b", [["dd", "if=a", "of=b"]]),
    ("time git status", [["time", "git", "status"]]),
    ("sudo env FOO=1 git status", [["sudo", "env", "FOO=1", "git", "status"]]),
]

REFUSED = [
    *("git status & rm -rf ~", "git status &", "git status |& sh", "git status & ", "git status &\nls"),
    *(
        "git log $(rm x)",
        "git log `rm x`",
        'git log "$(rm x)"',
        'git log "`rm x`"',
        "git log <(rm x)",
        "diff >(rm)",
    ),
    *(
        "git diff > f",
        "git diff >> f",
        "git diff 2>&1",
        "git diff &> f",
        "git apply < f",
        "a >| f",
        "a <> f",
        "a 2>f",
    ),
    *("cat <<E\nrm\nE", "cat <<< x", "cat <<'E'\n$(rm)\nE", "cat <<-E\n\trm\n\tE"),
    *(
        "FOO=1 git status",
        "FOO= git status",
        "FOO=1",
        "FOO+=1 x",
        "a[0]=1 x",
        "'FOO'=1 x",
        "PATH=. git status",
    ),
    *(
        "echo $x",
        "echo ${x}",
        'echo "$x"',
        'echo "${x:-`rm`}"',
        "echo $((1))",
        "echo $1",
        "echo $'a\\n'",
        'echo $"a"',
    ),
    *("$x", "${x} y", "a$", 'a "$"', "a $ b", "$(echo git) status"),
    *(
        "echo *",
        "echo a?c",
        "echo [ab]",
        "echo {a,b}",
        "echo {1..3}",
        "echo ~",
        "echo ~root/x",
        "echo a~b",
        "a !(b)",
    ),
    *(
        "(git status)",
        "{ git status; }",
        "f() { rm; }",
        "function f { rm; }",
        "function f",
        "[[ a ]]",
        "[ a ]",
        "((1))",
    ),
    *(
        "if a; then b; fi",
        "for x in a; do b; done",
        "while a; do b; done",
        "case a in b) c;; esac",
        "until a; do b; done",
    ),
    *(
        "then",
        "do x",
        "done",
        "fi",
        "esac",
        "in x",
        "else x",
        "elif x",
        "coproc a",
        "select x",
        "repeat 3 a",
        "noglob a",
    ),
    *("! git status", "!git", "!!", 'echo "a!b"', "git status !$", "^a^b", "echo a^b"),
    *("git\\ status", "git \\\nstatus", "git status \\; rm", "echo 'a\\'", 'echo "\\$x"', "g\\it status"),
    *("git status # x", "# x", "#x\nrm", "git #status"),
    *(
        "git status\0",
        "git\x07 status",
        "git status\r",
        "git status\r\nls",
        "a\x0bb",
        "a\x0cb",
        "a\x1b[2Jb",
        "a\x7fb",
    ),
    *(
        "git\u00a0status",
        "git \u202estatus",
        "echo 'a\u202eb'",
        "echo 'a\u200bb'",
        "echo 'a\u2066b'",
        "echo '\ufeff'",
    ),
    *(
        "echo 'a\u00a0b'",
        "echo 'a\u2028b'",
        "echo 'a\u3164b'",
        "echo 'a\ufe0fb'",
        "echo 'a\u00adb'",
        "echo '\ud800'",
    ),
    *("g\u0456t status", "\uff47it status", "git \uff5c sh", "git\uff1b rm", "git status\u2026"),
    *("'a", '"a', "a 'b\"", "a '", 'a "b', "a 'x\ny'", 'a "x\ny"', "a 'x\ty'"),
    *(
        "&& a",
        "a &&",
        "a ||",
        "a |",
        "| a",
        "; a",
        "a ;; b",
        "a ; ; b",
        "a && ; b",
        "a\n&& b",
        "a ||| b",
        "a &&& b",
    ),
    *("", " ", "\n", ";", "'' a", "''", "-x", "%1", "=ls", "ls =git", "@x", "+x", "a == b", "a =~ b"),
    *(
        "export A=1",
        "export A",
        "declare x",
        "unset x",
        "local x",
        "readonly x",
        "alias x=$y",
        "a=(b c)",
        "let 'a[$(x)]' >f",
    ),
    *("cat a\u2028rm b", "a)", "a }", "}", "{", "a ]", "a;;b", "a;&b", "a ;| b"),
    "a " + "b" * MAX_LENGTH,
]


def as_lists(text: str) -> list[list[str]]:
    return [list(words) for words in parse_command_line(text) or ()]


@pytest.mark.parametrize(("text", "commands"), UNDERSTOOD)
def test_a_plain_line_is_read_as_its_commands(text: str, commands: list[list[str]]) -> None:
    assert as_lists(text) == commands


@pytest.mark.parametrize("text", REFUSED)
def test_a_line_with_anything_else_is_not_understood(text: str) -> None:
    assert parse_command_line(text) is None


def test_a_line_of_a_thousand_commands_is_read_without_exhausting_the_stack() -> None:
    assert as_lists(" && ".join(["a"] * 800)) == [["a"]] * 800


def test_only_the_commands_behind_a_pipe_are_marked_as_reading_it() -> None:
    commands = parse_commands("a | b && c |\n d; e") or ()
    assert [command.reads_pipe for command in commands] == [False, True, False, True, False]


@settings(deadline=None)
@given(st.text())
@example("\ud800")
@example("(" * 4000)
def test_no_text_makes_the_parser_raise(text: str) -> None:
    parse_command_line(text)


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"), max_size=8)


@settings(deadline=None)
@given(st.lists(PRINTABLE, max_size=4))
def test_a_quoted_command_is_read_back_word_for_word(arguments: list[str]) -> None:
    words = ("git", *arguments)
    line = quote_command(words)
    # "!" survives only in single quotes, and that is where quoting puts it
    assert parse_command_line(line) == (words,)


PIECES = [
    "git",
    "a1",
    " ",
    "  ",
    "\t",
    "\n",
    ";",
    "|",
    "&",
    "&&",
    "||",
    "'",
    '"',
    "-c",
    "x=1",
    "=",
    "%",
    "5",
    "#",
]
PIECES += [
    "$x",
    "$(git)",
    "`git`",
    "\\",
    "~",
    "*",
    "{a,b}",
    "[a]",
    "(",
    ")",
    "!",
    ">q",
    "<q",
    "then",
    "time",
    ":,@+.-",
]

# Each line runs in its own shell, where every command does nothing but write its argv to descriptor 9: in one
# write, for the commands of a pipeline run at once; one in the background is waited for.
RECORDER = r"""
command_not_found_handle() { printf '%s\1' "$@" $'\2' >&9; }
for line; do (eval "$line"; wait) </dev/null >/dev/null 2>&1; printf '\3' >&9; done
"""


def bash_argv(lines: list[str], folder: Path) -> list[list[list[str]]]:
    """The argv of every command that bash ran for each line, sorted."""
    bash = shutil.which("bash")
    assert bash, "bash is what the parser is held to"
    record = folder / "argv"
    script = f'exec 9>>"{record}"; {RECORDER}'
    command = [bash, "--noprofile", "--norc", "-c", script, "bash", *lines]
    subprocess.run(command, env={"PATH": "/nonexistent"}, cwd=folder, check=True, timeout=100)
    answers = record.read_bytes().decode().split("\3")[:-1]
    assert len(answers) == len(lines)
    return [sorted(run.split("\1")[:-1] for run in answer.split("\2\1")[:-1]) for answer in answers]


def test_bash_runs_exactly_the_commands_that_were_read(tmp_path: Path) -> None:
    # Only names that bash does not know itself, and no `||`, so that every command runs and shows its argv.
    def is_comparable(line: str) -> bool:
        commands = parse_command_line(line)
        return bool(commands) and "||" not in line and {words[0] for words in commands or ()} <= {"git", "a1"}

    drawn = ("".join(pieces) for size in (1, 2, 3) for pieces in itertools.product(PIECES, repeat=size))
    framed = [line for middle in drawn for line in (middle, f"git {middle} a1")]
    lines = sorted({line for line in framed if is_comparable(line)})
    assert len(lines) > 500
    read = [sorted(map(list, parse_command_line(line) or ())) for line in lines]
    assert bash_argv(lines, tmp_path) == read
    assert [path.name for path in tmp_path.iterdir()] == ["argv"]


def test_the_comparison_with_bash_sees_an_expansion(tmp_path: Path) -> None:
    assert bash_argv(["git {a,b}", "x=1 git $x", "git a & a1"], tmp_path) == [
        [["git", "a", "b"]],
        [["git"]],
        [["a1"], ["git", "a"]],
    ]


@settings(deadline=None, max_examples=25)
@given(lines=st.lists(st.lists(PRINTABLE, max_size=4), min_size=1, max_size=20))
def test_bash_reads_a_quoted_command_as_the_parser_does(
    lines: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    commands = [["git", *arguments] for arguments in lines]
    texts = [quote_command(tuple(words)) for words in commands]
    assert bash_argv(texts, tmp_path_factory.mktemp("bash")) == [[words] for words in commands]
