"""What a client's text can be wrong in."""


class TextError(Exception):
    """The text cannot be spoken as it is; the message is for its author and says what to write instead."""
