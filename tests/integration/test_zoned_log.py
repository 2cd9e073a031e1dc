# SPDX-License-Identifier: ISC
"""What zoned makes of what its children write: one log, syslog, the journal's form, alarms."""

import os
import re
import socket
import subprocess

import pytest

from harness import CONFIG, Program, need_namespace, wait_until

ERROR = "error zone-server it-broke reason=\"a test\"\n"


def alarms(stage):
    """What the command of alarming() was told: (program, event, count, line on its standard input)."""
    path = stage.box.directory / "alarms"
    return [tuple(line.split("|")) for line in path.read_text().splitlines()] if path.exists() else []


def alarming(stage, more=""):
    said = '$ZONEBOX_PROGRAM|$ZONEBOX_EVENT|$ZONEBOX_COUNT'
    return (CONFIG + f"on-alarm: 'read -r line; [ \"$line\" = \"$ZONEBOX_LINE\" ] && "
            f"echo \"{said}|$line\" >>{stage.box.directory}/alarms; {more}'\n")


def test_lines_come_with_the_name_of_the_child_that_wrote_them(stage):
    stage.tell("say", text="notice zone-server ready a=b\nhalf a line")
    stage.start().ready()
    for name in ("zone-server.0", "zone-server.1"):
        stage.zoned.wait_log(f"notice {name} ready a=b\n")
    assert "half a line" not in stage.zoned.log()
    stage.zoned.stop()
    assert "warning zoned output of=zone-server.0 text=\"half a line\"\n" in stage.zoned.log()


def test_the_last_words_of_a_crash_are_passed_on_as_text(stage):
    stage.tell("say", text="==7==ERROR: AddressSanitizer: \x1b[1mheap\nerror zoned forged;reboot\nAborted")
    stage.tell("crash")
    stage.start()
    stage.zoned.wait_log("child-died child=zone-server.0")
    stage.zoned.wait_log("text=Aborted")
    assert 'of=zone-server.0 text="==7==ERROR: AddressSanitizer: \\x1b[1mheap"\n' in stage.zoned.log()
    assert 'of=zone-server.0 text="error zoned forged;reboot"\n' in stage.zoned.log()
    assert "\nerror zoned forged" not in stage.zoned.log()


def test_the_level_filters_what_all_programs_say(stage):
    stage.tell("say", text="info zone-server chatter\nwarning zone-server odd\n")
    stage.box.write_config(CONFIG + "log: {level: warning}\n")
    stage.start().ready()
    stage.zoned.wait_log("warning zone-server.1 odd")
    assert "chatter" not in stage.zoned.log()
    stage.box.write_config(CONFIG + "log: {level: info}\n")
    stage.zoned.wait_log("inputs-changed")


def test_an_error_runs_the_command_once_and_its_output_is_logged(stage):
    stage.tell("say", text=ERROR * 50)
    stage.box.write_config(alarming(stage, "echo error zoned told-you"))
    stage.start().ready()
    wait_until(lambda: len(alarms(stage)) >= 2, "both programs alarm")
    stage.zoned.wait_log('output of=on-alarm text="error zoned told-you"')
    got = sorted(alarms(stage))
    assert [a[:2] for a in got] == [("zone-server.0", "it-broke"), ("zone-server.1", "it-broke")]
    assert all(a[3] == f'error {a[0]} it-broke reason="a test"' for a in got)
    assert 1 <= int(got[0][2]) <= 50


def test_what_a_child_says_is_no_shell_for_the_command(stage):
    stage.tell("say", text=f"error zone-server it-broke a=\"$(touch {stage.libexec}/owned)`id`;'\"\n")
    stage.box.write_config(alarming(stage))
    stage.start().ready()
    wait_until(lambda: alarms(stage), "the alarm")
    assert not (stage.libexec / "owned").exists()
    assert "$(touch" in alarms(stage)[0][3]


def test_the_death_of_a_child_and_a_wrong_configuration_are_alarms(stage):
    stage.box.write_config(alarming(stage))
    stage.start().ready()
    os.kill(stage.workers()[0]["pid"], 9)
    wait_until(lambda: ("zoned", "child-died") in [a[:2] for a in alarms(stage)], "the alarm of the death")
    stage.box.write_config(alarming(stage) + "nonsense: 1\n")
    wait_until(lambda: ("zoned", "config-wrong") in [a[:2] for a in alarms(stage)], "the alarm of the configuration")


def test_a_command_that_fails_is_a_warning_and_no_alarm(stage):
    stage.tell("say", text=ERROR)
    stage.box.write_config(CONFIG + "on-alarm: 'exit 3'\n")
    stage.start().ready()
    stage.zoned.wait_log("warning zoned on-alarm-failed status=3")
    assert stage.ask()


def test_a_command_that_hangs_does_not_keep_zoned_from_ending(stage):
    stage.tell("say", text=ERROR)
    stage.box.write_config(CONFIG + f"on-alarm: 'touch {stage.libexec}/begun; sleep 60'\n")
    stage.start().ready()
    wait_until((stage.libexec / "begun").exists, "the command runs")
    assert stage.ask()
    stage.zoned.stop(3)


def test_a_reader_that_is_slow_stops_nobody(stage):
    """zoned's standard error is a pipe that nobody reads."""
    ends = os.pipe()
    stage.tell("say", text=("notice zone-server flood x=" + "y" * 900 + "\n") * 300)
    stage.zoned = Program("bash", "-c", f'exec "$@" 2>&{ends[1]}', "bash", *stage.command(),
                          log=stage.box.directory / "log", pass_fds=(ends[1],))
    stage.ready()
    os.close(ends[1])
    assert stage.ask()
    text = b""
    while b"flood" not in text:  # from now on it is read
        text += os.read(ends[0], 65536)
    stage.zoned.signal(15)
    while octets := os.read(ends[0], 65536):
        text += octets
    os.close(ends[0])
    assert stage.zoned.wait() == 0
    lost = re.search(rb"warning zoned log-lines-lost count=(\d+)", text)
    assert lost and int(lost[1]) >= 100 and b"notice zoned stopped\n" in text


def test_the_journal_gets_priorities(stage):
    stage.tell("say", text=ERROR)
    with open(stage.box.directory / "journal", "wb") as journal:
        info = os.fstat(journal.fileno())
        zoned = subprocess.Popen(stage.command(), stderr=journal, stdin=subprocess.DEVNULL,
                                 env={**os.environ, "JOURNAL_STREAM": f"{info.st_dev}:{info.st_ino}"})
        try:
            wait_until(lambda: len(stage.workers()) == 2, "the workers run")
            path = stage.box.directory / "journal"
            wait_until(lambda: "it-broke" in path.read_text(), "the lines")
        finally:
            zoned.terminate()
            zoned.wait()
    lines = path.read_text().splitlines()
    assert "<3>error zone-server.0 it-broke reason=\"a test\"" in lines
    assert any(line.startswith("<5>notice zoned started") for line in lines)
    assert all(line.startswith("<") for line in lines)


def start_in_a_mount_namespace(stage, dev):
    """zoned with /dev/log of its own: `dev` lies over /dev, which has what it needs beside it."""
    script = (f"mount --bind /dev/null {dev}/null && mount --bind /dev/urandom {dev}/urandom && "
              f"mount --rbind {dev} /dev && exec \"$@\"")
    return Program("unshare", "-m", "--", "sh", "-c", script, "sh", *stage.command(), log=stage.box.directory / "log")


@pytest.mark.skipif(os.geteuid() != 0, reason="puts a /dev/log of its own in place")
def test_syslog_gets_the_lines_and_a_syslogd_that_comes_back_is_found(stage):
    need_namespace("-m")
    dev = stage.box.directory / "dev"
    dev.mkdir()
    for name in ("null", "urandom"):
        (dev / name).touch()
    stage.tell("say", text=ERROR)
    stage.box.write_config(CONFIG + "log: {to: syslog}\n")
    syslogd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    syslogd.bind(str(dev / "log"))
    syslogd.settimeout(20)
    stage.zoned = start_in_a_mount_namespace(stage, dev)
    stage.ready()

    def wait_for(text, taker):
        while text not in (got := taker.recv(8192).decode()):
            pass
        return got

    got = wait_for("it-broke", syslogd)
    assert got.startswith("<27>") and f" zoned[{stage.zoned.pid}]: error zone-server." in got  # daemon.err
    assert "it-broke" not in stage.zoned.log()
    syslogd.close()
    (dev / "log").unlink()
    os.kill(stage.workers()[0]["pid"], 9)  # without a syslogd, standard error has the lines
    stage.zoned.wait_log("child-died")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as again:
        again.bind(str(dev / "log"))
        again.settimeout(20)
        stage.ready()
        os.kill(stage.workers()[0]["pid"], 9)
        wait_for("child-died", again)
