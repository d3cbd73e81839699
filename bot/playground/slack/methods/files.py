"""files.*: the present upload flow, in three steps."""

from __future__ import annotations

from bot.playground.slack import people
from bot.playground.slack.errors import Refused
from bot.playground.slack.messages import Message
from bot.playground.slack.methods.call import Answer, Call, Method
from bot.playground.slack.methods.chat import content, where

ALT_TEXT = 1000


def upload_url(call: Call) -> Answer:
    """files.getUploadURLExternal: where to send the bytes."""
    alt = call.text("alt_txt")
    if len(alt) > ALT_TEXT:
        raise Refused("alt_txt_too_large")
    file = call.workspace.uploads.expect(call.need("filename"), call.number("length", 0), alt)
    return {"upload_url": f"{call.workspace.base_url}/upload/{file.secret}", "file_id": file.id}


def complete_upload(call: Call) -> Answer:
    """files.completeUploadExternal: show the files, in a channel where one is named by its id."""
    given = call.json("files")
    if not isinstance(given, list) or not given:
        raise Refused("invalid_arguments")
    found = []
    for item in given:
        file = call.workspace.uploads.get(str(item.get("id")))
        if file.shared:
            raise Refused("file_already_completed")
        file.title = str(item.get("title") or file.name)
        found.append(file)
    told = [file.as_slack(call.workspace.base_url) for file in found]
    channels = call.text("channel_id") or call.text("channels")
    for channel in [name for name in channels.split(",") if name]:
        _share(call, channel, told)
    for file in found:
        file.shared = True
    return {"files": told}


def _share(call: Call, name: str, files: list[dict[str, object]]) -> None:
    if name not in call.workspace.conversations.channels:
        raise Refused("channel_not_found")
    channel = where(call.workspace, name)
    given = content(call) if call.args.get("blocks") else {"text": call.text("initial_comment")}
    talk = call.workspace.conversations
    message = Message(channel=channel.id, ts=talk.stamp(), user=people.BOT_USER, files=list(files), **given)
    message.thread_ts = call.text("thread_ts")
    talk.add(message)


def info(call: Call) -> Answer:
    """files.info."""
    return {"file": call.workspace.uploads.get(call.text("file")).as_slack(call.workspace.base_url)}


METHODS = {
    "files.getUploadURLExternal": Method(run=upload_url, scope="files:write", tier=4, form_only=True),
    "files.completeUploadExternal": Method(run=complete_upload, scope="files:write", tier=4),
    "files.info": Method(run=info, scope="files:read", tier=4, form_only=True),
}
