"""Several workspaces: installed by their own people, served apart, and forgotten when they leave."""

from __future__ import annotations

import json
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import urllib3
from houses import CLIENT, HERE, THERE, Houses, opened
from world import APPROVALS, ENGINEER, LEAD, ML

from bot import installs
from bot.__main__ import main
from bot.settings import Settings
from bot.workspaces import Workspaces, accounts_of


def settle_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith(("lose-", "look-again")):
            thread.join(10)


def test_a_workspace_installs_mlbot_in_a_browser_and_is_served_at_once(houses: Houses) -> None:
    houses.write_policy(HERE)
    page = houses.install(HERE)
    assert page.status == 200
    assert f"mlbot is installed in Local ({HERE})." in page.data.decode()
    here = houses.world(HERE)
    here.command("/ml-help")
    assert "/ml-estimate" in here.whispered(ML, user=ENGINEER)


def test_without_a_policy_file_the_page_says_what_the_operator_must_write(houses: Houses) -> None:
    assert f"An operator must write {HERE}.toml" in houses.install(HERE).data.decode()
    assert not houses.many.bots
    told = houses.slacks[HERE].command(user=ENGINEER, channel=ML, command="/ml-help")
    settle_threads()
    assert told is not None
    assert "does not serve this workspace" in houses.slacks[HERE].messages(ML, as_user=ENGINEER)[-1]["text"]
    houses.write_policy(HERE)
    houses.slacks[HERE].command(user=ENGINEER, channel=ML, command="/ml-help")
    settle_threads()
    assert set(houses.many.bots) == {HERE}


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/slack/oauth_redirect?error=access_denied", 200, "You pressed Cancel"),
        ("/slack/oauth_redirect?code=stolen&state=made-up", 400, "Begin at /slack/install in this browser"),
        ("/slack/oauth_redirect", 400, "Begin at /slack/install"),
    ],
)
def test_what_does_not_come_from_our_own_page_installs_nothing(
    houses: Houses, path: str, status: int, says: str
) -> None:
    page = houses.get(path)
    assert (page.status, says in page.data.decode()) == (status, True)
    assert houses.many.installs.teams() == ()


def test_another_browser_cannot_end_what_one_began(houses: Houses) -> None:
    assert houses.install(HERE, cookie=False).status == 400
    assert houses.many.installs.teams() == ()


def test_a_code_that_slack_refuses_installs_nothing_and_no_secret_is_shown(houses: Houses) -> None:
    houses.slacks[HERE].fail("oauth.v2.access", "bad_client_secret")
    page = houses.install(HERE)
    assert page.status == 401
    assert CLIENT.secret not in page.data.decode()


def test_tokens_lie_in_a_file_of_ours_alone(both: Houses) -> None:
    folder = both.folder / "data"
    held = [path for path in folder.iterdir() if b"xoxb-" in path.read_bytes()]
    assert [path.name for path in held] == ["mlbot.installations.db"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.suffix == ".db"} == {0o600}


def test_what_one_workspace_does_the_other_never_sees(both: Houses) -> None:
    here, there = both.world(HERE), both.world(THERE)
    here.command('/ml-launch g5.xlarge hours=2 name=secret-project purpose="ours alone"')
    here.press("approve", user=LEAD, channel=APPROVALS)
    here.pass_time(minutes=5)
    assert len(here.instances()) == 1
    assert not there.instances()
    for _ in range(2):
        there.pass_time(hours=20)
        there.bot.scan_and_remind()
        there.settle()
    there.command("/ml-instances all", user=LEAD)
    there.command("/ml-idle now", user=LEAD)
    for user in (ENGINEER, LEAD):
        both.slacks[THERE].open_home(user=user)
        there.settle()
    seen = [there.said(channel, user=user) for channel in (ML, APPROVALS) for user in (ENGINEER, LEAD)]
    seen += [there.direct(user) for user in (ENGINEER, LEAD)]
    seen += [json.dumps(both.slacks[THERE].home(user=user)) for user in (ENGINEER, LEAD)]
    assert "/ml-launch" in "".join(seen)  # it did answer
    launch = here.instances()[0]["InstanceId"]
    assert not any(word in text for text in seen for word in ("secret-project", "ours alone", launch))
    rows = (both.folder / "data" / f"mlbot.{THERE}.db").read_bytes()
    assert b"secret-project" not in rows


def test_every_call_bears_the_token_of_its_own_workspace(both: Houses) -> None:
    for team in (HERE, THERE):
        both.world(team).command("/ml-launch g5.xlarge hours=2")
        assert "g5.xlarge" in both.world(team).said(APPROVALS, user=LEAD)
        assert not any(call.error for call in both.slacks[team].calls), both.slacks[team].calls
    both.world(THERE).press("approve", user=LEAD, channel=APPROVALS)
    both.world(HERE).settle()
    assert len(both.world(THERE).instances()) == 1
    assert not both.world(HERE).instances()


def test_two_workspaces_may_not_share_an_aws_account(houses: Houses) -> None:
    houses.write_policy(HERE)
    houses.write_policy(THERE, account="111111111111")
    houses.install(HERE)
    page = houses.install(THERE).data.decode()
    assert f"names an AWS account that {HERE} has, too (111111111111)" in page
    assert set(houses.many.bots) == {HERE}
    houses.write_policy(THERE)
    houses.many.look_again()
    assert set(houses.many.bots) == {HERE, THERE}


def test_accounts_are_told_apart_by_their_numbers() -> None:
    from bot.policy import parse

    role = 'role_arn = "arn:aws:iam::111111111111:role/{}"\n'
    own = parse("", name="p")
    named = parse("[accounts.default]\n" + role.format("a") + "[accounts.lab]\n" + role.format("b"), name="p")
    assert accounts_of(own) == {"mlbot's own"}
    assert accounts_of(named) == {"111111111111"}


@pytest.mark.parametrize("told", [True, False])
def test_a_workspace_that_leaves_hears_nothing_more_and_its_machines_still_end(both: Houses, told: bool) -> None:
    here = both.world(HERE)
    policy = both.write_policy(HERE, more="[launch.end]\nstop = true\n")
    assert policy.exists()
    here.command("/ml-launch g5.xlarge hours=2")
    here.press("approve", user=LEAD, channel=APPROVALS)
    here.pass_time(minutes=5)
    both.slacks[HERE].uninstall(tell=told)
    settle_threads()
    assert both.many.installs.teams() == ((THERE,) if told else (HERE, THERE))
    before = len(both.slacks[HERE].calls)
    here.bot.parts.store.close()
    for _ in range(4):
        both.clock.advance(timedelta(hours=1))
        here.bot.sweep()
        here.bot.workers.run_due()
    assert [one["State"]["Name"] for one in here.instances()] == ["stopped"]
    posted = [call for call in both.slacks[HERE].calls[before:] if call.method.startswith("chat.")]
    assert not any(call.error == "" for call in posted)
    there = both.world(THERE)
    there.command("/ml-help")
    assert "/ml-estimate" in there.whispered(ML, user=ENGINEER)


def test_who_installs_again_is_served_again_without_old_news(both: Houses) -> None:
    here = both.world(HERE)
    both.slacks[HERE].uninstall()
    settle_threads()
    with here.bot.parts.store.transaction() as tx:
        from bot import outbox

        outbox.say(tx, what="notice", subject="old", to=ML, now=both.clock.now(), data={"text": "old news"})
    assert both.install(HERE).status == 200
    assert both.many.bots[HERE] is here.bot
    here.command("/ml-help")
    assert "/ml-estimate" in here.whispered(ML, user=ENGINEER)
    assert "old news" not in here.said(ML)


def test_the_next_process_serves_those_who_are_installed(both: Houses) -> None:
    settings: Settings = both.many._settings
    next_one = Workspaces(settings, clock=both.clock)
    next_one.drive_by_hand()
    next_one.look_again()
    assert set(next_one.bots) == {HERE, THERE}
    for bot in next_one.bots.values():
        bot.parts.store.close()


def test_a_press_on_our_message_is_ours_whoever_presses(both: Houses) -> None:
    body = {"type": "block_actions", "team": {"id": THERE}, "user": {"id": "U1", "team_id": THERE}}
    assert both.many._team(body) == THERE
    assert both.many._team({**body, "message": {"team": HERE}}) == HERE
    assert both.many._team({**body, "view": {"app_installed_team_id": HERE}}) == HERE
    assert both.many._team({"team_id": "T0ELSE", "authorizations": [{"team_id": HERE}]}) == HERE
    assert both.many._team({"team_id": "T0ELSE"}) == "T0ELSE"


def test_the_operators_pages_tell_the_workspaces_apart(both: Houses) -> None:
    assert both.get("/healthz").data == b"ok\n"
    told = json.loads(both.get("/readyz").data)
    assert told["ready"] is True
    assert set(told["workspaces"]) == {HERE, THERE}
    figures = both.get("/metrics").data.decode()
    for team in (HERE, THERE):
        assert f'mlbot_database_up{{team="{team}"}} 1.0' in figures
        assert f'mlbot_ops{{state="ready",team="{team}"}} 0.0' in figures
    assert figures.count("# TYPE mlbot_ops gauge") == 1


def test_a_token_that_soon_expires_is_renewed(both: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    from slack_sdk.oauth.installation_store import Bot
    from slack_sdk.oauth.token_rotation import TokenRotator

    def renewed(self: TokenRotator, *, bot: Bot, minutes_before_expiration: int) -> Bot:
        assert minutes_before_expiration == installs.RENEW_MINUTES
        bot.bot_token = f"{bot.bot_token}-2"
        return bot

    monkeypatch.setattr(TokenRotator, "perform_bot_token_rotation", renewed)
    both.many.look_again()
    assert both.many.bots[HERE].parts.slack.client.token == "xoxb-here-2"


def test_the_command_line_is_about_one_of_them(
    both: Houses, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    settings: Settings = both.many._settings
    both.world(HERE).command("/ml-launch g5.xlarge hours=2")
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "SLACK_CLIENT_ID": CLIENT.id,
        "SLACK_CLIENT_SECRET": CLIENT.secret,
        "SLACK_SIGNING_SECRET": "0123456789",
        "SLACK_API_URL": settings.slack_api_url,
        "DATABASE_URL": settings.database_url,
        "MLBOT_POLICY": str(settings.mlbot_policy),
        "MLBOT_TEAM": "",
    }.items():
        monkeypatch.setenv(name, value)
    assert main(["--team", HERE, "audit", "export"]) == 0
    assert "launch" in capsys.readouterr().out
    assert main(["--team", THERE, "audit", "export"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["--team", "nobody", "audit", "export"]) == 2
    monkeypatch.setenv("MLBOT_TEAM", "")
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert f"workspace {HERE}: Installed; mlbot --team {HERE} doctor looks at the rest." in out
    (both.folder / "policies" / f"{THERE}.toml").unlink()
    assert main(["doctor"]) == 1
    assert f"Copy bot/default_policy.toml to {settings.mlbot_policy}/{THERE}.toml" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"slack_client_secret": ""}, "SLACK_CLIENT_SECRET is not"),
        ({"slack_signing_secret": ""}, "SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN) is needed"),
        ({"slack_bot_token": "xoxb-1"}, "and not both"),
        ({"mlbot_policy": None}, "MLBOT_POLICY names a folder"),
    ],
)
def test_settings_for_several_workspaces_are_checked(given: dict[str, str], says: str, tmp_path: Path) -> None:
    whole = {
        "slack_client_id": "1.2",
        "slack_client_secret": "abcdefgh",
        "slack_signing_secret": "abcdefgh",
        "mlbot_policy": tmp_path,
    }
    assert Settings(_env_file=None, **whole).missing() == []  # type: ignore[arg-type]
    told = Settings(_env_file=None, **{**whole, **given}).missing()  # type: ignore[arg-type]
    assert len(told) == 1
    assert says in told[0]


def test_garbage_at_the_install_pages_is_answered(houses: Houses) -> None:
    for path in (
        "/slack/install?team=%0d%0aX:%ff",
        "/slack/install?team=%00%ff",
        "/slack/oauth_redirect?state=&code=",
        "/slack/install?" + "a=1&" * 500,
    ):
        assert houses.get(path).status < 500
    assert urllib3.request("POST", houses.address + "/slack/install", retries=False).status in (404, 405)


def test_one_socket_serves_every_workspace_that_installs(tmp_path: Path) -> None:
    with opened(tmp_path, socket=True) as houses:
        for team in (HERE, THERE):
            houses.write_policy(team)
            assert houses.install(team).status == 200
        here, there = houses.world(HERE), houses.world(THERE)
        here.command("/ml-launch g5.xlarge hours=2 name=ours")
        here.press("approve", user=LEAD, channel=APPROVALS)
        assert "ours" in here.said(APPROVALS)
        assert "ours" not in there.said(APPROVALS)
        there.command("/ml-help")
        assert "/ml-launch" in there.whispered(ML, user=ENGINEER)
        assert here.bot.socket is houses.many.socket is there.bot.socket
        assert houses.many.socket is not None
        assert houses.many.socket.alive()
