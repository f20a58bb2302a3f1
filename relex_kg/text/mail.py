"""E-mail: single messages (.eml) and mailboxes (.mbox)."""

import email.policy
from collections.abc import Iterable, Iterator
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser

from relex_kg.text.blocks import write
from relex_kg.text.characters import clean
from relex_kg.text.formats import Parsed
from relex_kg.text.mapped import MappedText, TextBuilder
from relex_kg.text.markup import tokens
from relex_kg.text.page import Page
from relex_kg.types import MetadataValue

_FROM = b"From "


def message(data: bytes) -> EmailMessage:
    """The message in ``data``."""
    return BytesParser(policy=email.policy.default).parsebytes(data)


def parsed(mail: EmailMessage) -> Parsed:
    """The subject and the text, as plain text where the message has it so. The source is the text's own characters."""
    subject = _header(mail, "subject")
    body = mail.get_body(("plain", "html"))
    content = clean(_content(body)) if body is not None else MappedText.original("")
    if body is not None and body.get_content_subtype() == "html":
        content = write(Page(tokens(content.text)).blocks).after(content)
    metadata: dict[str, MetadataValue] = {
        key: value
        for key, name in (("author", "from"), ("to", "to"), ("cc", "cc"), ("date", "date"))
        if (value := _header(mail, name))
    }
    names = tuple(part.get_filename() or part.get_content_type() for part in mail.iter_attachments())
    if names:
        metadata["attachments"] = names
    return Parsed(_titled(subject, content), subject or None, metadata)


def messages(lines: Iterable[bytes]) -> Iterator[EmailMessage]:
    """The messages of a mailbox, one by one: each begins with ``From `` behind a blank line."""
    current: list[bytes] = []
    is_blank = True
    for line in lines:
        if is_blank and line.startswith(_FROM):
            if current:
                yield message(b"".join(current))
            current = []
        else:
            current.append(line[1:] if line.lstrip(b">").startswith(_FROM) and line[:1] == b">" else line)
        is_blank = not line.strip()
    if b"".join(current).strip():
        yield message(b"".join(current))


def identity(mail: EmailMessage) -> str:
    """What a message calls itself."""
    return _header(mail, "message-id").strip("<>")


def _header(mail: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(mail.get(name, "")).split())
    except Exception:  # the library meets malformed headers with errors of many kinds
        return ""


def _content(body: MIMEPart) -> str:
    try:
        return str(body.get_content())
    except (LookupError, ValueError):  # an encoding that does not exist, or does not fit
        payload = body.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _titled(subject: str, content: MappedText) -> MappedText:
    """The text below its subject, which the map leads nowhere from."""
    if not subject or content.text.lstrip().startswith(subject):
        return content
    builder = TextBuilder()
    builder.insert(f"{subject}\n\n")
    builder.copy(content.text, 0)
    return builder.build().after(content)
