"""One message of ours as requests to the Bot API, in plain text: nobody's words become markup."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    Message,
)

from bots.telegram.failures import NAME, failure_of
from service.channels.contract import (
    Button,
    Capabilities,
    Failure,
    Outbound,
    Pace,
    Picture,
    SendError,
    render,
    saying,
    units,
)

CAPABILITIES = Capabilities(
    buttons=True, max_text=4096, max_button_data=64, pace=Pace(per_second=30, apart=1.0)
)
LONGEST_CAPTION = 1024
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True)
class Part:
    """One message of Telegram's: a text, or a picture with a caption."""

    text: str
    picture: Picture | None = None
    buttons: tuple[Button, ...] = ()


async def send(bot: Bot, outbound: Outbound, hide: Callable[[str], str]) -> tuple[str, ...]:
    """Send what has not arrived yet; gives the ids of all parts. Raises `SendError`."""
    parts = parts_of(outbound)
    chat, thread = _recipient(outbound)
    fresh: list[str] = []
    for part in parts[len(outbound.taken) :]:
        try:
            message = await _send_part(bot, chat, thread, part)
        except Exception as error:
            raise failure_of(error, hide, tuple(fresh)) from None
        fresh.append(f"{chat}:{message.message_id}")
    return (*outbound.taken, *fresh)


def parts_of(outbound: Outbound) -> list[Part]:
    """The messages it becomes: the text with the buttons under its end, then the pictures, which
    bear the buttons only where there is no text. Without its pictures it becomes the same texts.

    Raises `SendError` where no message can say it.
    """
    texts = []
    if outbound.text.strip():
        texts = [Part(text) for text in _texts(outbound, outbound.text)]
    shown = [part for picture in outbound.pictures for part in _picture(outbound, picture)]
    if not texts and not shown:
        raise SendError(Failure.rejected, saying("empty"))
    for button in outbound.buttons:
        _check(button)
    parts, under = [*texts, *shown], len(texts or shown) - 1
    parts[under] = replace(parts[under], buttons=outbound.buttons)
    return parts


def _picture(outbound: Outbound, picture: Picture) -> list[Part]:
    """A description that no caption can hold follows its picture."""
    if units(picture.alt) <= LONGEST_CAPTION:
        return [Part(picture.alt, picture)]
    return [Part("", picture), *(Part(text) for text in _texts(outbound, picture.alt))]


def _texts(outbound: Outbound, text: str) -> list[str]:
    """The text in pieces that fit, also where signs count twice."""
    most = CAPABILITIES.max_text
    while True:
        fitting = replace(CAPABILITIES, max_text=most)
        found = [one.text for one in render(replace(outbound, text=text, buttons=()), fitting)]
        if all(units(one) <= CAPABILITIES.max_text for one in found):
            return found
        most //= 2


def _check(button: Button) -> None:
    if button.action is None and button.url is None:
        raise SendError(Failure.rejected, saying("dead_button"))
    if button.action and len(button.action.encode()) > CAPABILITIES.max_button_data:
        raise SendError(
            Failure.rejected,
            saying("long_button", most=CAPABILITIES.max_button_data),
        )


def _recipient(outbound: Outbound) -> tuple[int, int | None]:
    address = outbound.address
    try:
        return int(address.conversation), int(address.thread) if address.thread else None
    except ValueError:
        raise SendError(Failure.recipient_gone, saying("no_id", name=NAME)) from None


async def _send_part(bot: Bot, chat: int, thread: int | None, part: Part) -> Message:
    if part.picture is None:
        return await bot.send_message(
            chat,
            part.text,
            message_thread_id=thread,
            reply_markup=keyboard(part.buttons),
            link_preview_options=NO_PREVIEW,
        )
    return await bot.send_photo(
        chat,
        InputFile(part.picture.data, filename=part.picture.name),
        caption=part.text or None,
        message_thread_id=thread,
        reply_markup=keyboard(part.buttons),
    )


def keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """The buttons, one below the other: labels are sentences."""
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(one.label, one.url, None if one.url else one.action)]
            for one in buttons
        ]
    )
