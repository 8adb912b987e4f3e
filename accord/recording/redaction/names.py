"""Which names are those of secrets: one rule for those that always are, and for those that a project adds.

A name is read as words, however it is written: `userPin`, `USER_PIN`, `X-User-Pin` and `user[pin]` are `user pin`. It
is a secret's if words in it, one after another, are a term's: `api_key`, `apiKey` and `apikey` are one term. A term of
eight letters or more counts inside a longer word, too: `userpassword`. What says something about a secret is none:
`token_type`, `password_min_length`, `max_tokens`.
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from urllib.parse import unquote


class Strength(IntEnum):
    """How surely a value is a secret by its name."""

    NONE = 0
    WEAK = 1
    """It often is, as `session` or `auth`; an ordinary word under it is none elsewhere."""
    STRONG = 2


_WORD = re.compile(r"\d+|[^\W\d_]+")


def words(name: str) -> list[str]:
    """Return the words of a name, in small letters: of `userPIN[new-code]` it is user, pin, new, code."""
    return [word.lower() for run in _WORD.findall(name) for word in _humps(run)]


def _humps(run: str) -> list[str]:
    """Split letters where a large one follows a small one, or begins a word after an acronym."""
    if run.islower() or run.isupper():
        return [run]
    starts = [
        at
        for at in range(1, len(run))
        if run[at].isupper() and (not run[at - 1].isupper() or (at + 1 < len(run) and run[at + 1].islower()))
    ]
    return [run[start:end] for start, end in zip([0, *starts], [*starts, len(run)], strict=True)]


_TERMS = """
    password, passwd, passphrase, passcode, pwd, pw, secret, token, jwt, bearer, authorization, credential, cred, otp,
    totp, pin, ssn, social security, iban, card number, credit card, cvv, cvv2, cvc, cvc2, csrf, xsrf,
    api key, access key, secret key, private key, signing key, encryption key, auth key, account key, shared key,
    master key, session key, service key, storage key, subscription key, ssh key, deploy key, license key,
    session id, sess id, auth code, authorization code, verification code, security code, activation code,
    confirmation code, reset code, recovery code, backup code, sms code, login code, mfa code, device code,
    code verifier, account number, seed phrase, recovery phrase, client assertion, saml response
"""
# Those that are a secret's as a whole name or at its end.
_LAST = "auth, session, sess, sid, sig, signature, hmac, pass, cookie"
# A run-together word that ends so, as `accesstoken`, is one; `tokenizer` and `secretary` are none.
_ENDINGS = ("token", "tokens", "secret", "secrets", "cookie", "passwd", "apikey", "sessid", "pwd", "jwt")
_LONG = 8
_MOST_WORDS = 4

# A last word that says what the name tells about a secret.
_ABOUT = frozenset(
    words(
        "type types kind count counts length len min max minimum maximum policy policies requirements rule rules"
        " expires expiry expiration expired in at on by ttl lifetime age limit limits size strength score algorithm alg"
        " method methods enabled disabled required allowed supported valid invalid verified changed created updated"
        " date day days month months year years exp hours minutes seconds url uri endpoint name names field fields"
        " label title description hint placeholder format version status usage budget input provider issuer brand"
        " holder error errors message consent accepted banner"
    )
)
# A first word that makes a number, or a yes or no, of it.
_MEASURES = frozenset(
    words(
        "max min total num number count has is are use uses used remaining require requires needs prompt completion"
        " cached output input reasoning estimated missing invalid forgot"
    )
)
LABELS = frozenset(
    words("name key field id path loc param parameter property attribute header label type k n variable")
)
"""Names of what names a field, whose value stands beside it: JSON Patch, form fields, FastAPI's errors, cookies."""
VALUES = frozenset(words("value values val v content input old new oldvalue newvalue default data"))
"""Names of what stands beside it."""
# A word of each term, for a look at whether any of them may be in a text; those below stand everywhere.
_EVERYWHERE = {"id", "number", "code", "key"}
# A name may have letters that JSON or a URL escapes, and a URL a password before its host.
_ESCAPED = re.compile(r"\\u00[4-7]|%[4-7][0-9a-f]|://[^\s/?#@]*+@")
_LETTERS = re.compile("[a-z\x80-\U0010ffff]+")
_LONGEST_NAME = 256


class Names:
    """Knows the names of secrets: those that always are, and `more`."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        added = [" ".join(words(name)) for name in more]
        terms = [term.strip() for term in _TERMS.split(",")] + [term for term in added if term]
        self._terms = frozenset(term.replace(" ", "") for term in terms)
        self._long = tuple(term for term in self._terms if len(term) >= _LONG)
        self._added = frozenset(term.replace(" ", "") for term in added)
        last = frozenset(name.strip() for name in _LAST.split(","))
        self._last = last - self._terms
        # Of a name that is a number alone there is none, so that each text is read: the empty one.
        stems = {
            max(
                (_LETTERS.findall(w)[0] for w in term.split() if w not in _EVERYWHERE and _LETTERS.match(w)),
                key=len,
                default="",
            )
            for term in terms
        }
        stems |= self._last
        # A stem that has another in it is found with that one.
        self._stems = [stem for stem in stems if not any(other != stem and other in stem for other in stems)]
        self._cached = lru_cache(maxsize=4096)(self._judged)
        # Many requests have the same address, or body.
        self._short_may = lru_cache(maxsize=1024)(self._may)

    def may_occur(self, text: str) -> bool:
        """Return whether a name of a secret may be in the text, or a URL with a password; no is certain."""
        return self._short_may(text) if len(text) <= _LONGEST_NAME else self._may(text)

    def _may(self, text: str) -> bool:
        small = text.lower()
        # A text of some length says most of its words often.
        runs = " ".join(set(_LETTERS.findall(small)))
        for stem in self._stems:
            if stem in runs:
                return True
        return ("\\u00" in small or "%" in small or "://" in small) and _ESCAPED.search(small) is not None

    def strength(self, name: str, parent: str = "") -> Strength:
        """Tell how surely what has the name is a secret; `parent` is the name of what it stands in."""
        if len(name) + len(parent) > _LONGEST_NAME:
            # Not remembered: what is so long is hardly a name, and would fill the memory.
            return self._judged(name, "")
        return self._cached(name, parent)

    def _judged(self, name: str, parent: str) -> Strength:
        parts = words(unquote(name) if "%" in name else name)
        if not parts:
            return Strength.NONE
        whole = "".join(parts)
        if whole in self._added:
            return Strength.STRONG
        # `password1` and `password_2` are passwords.
        while len(parts) > 1 and parts[-1].isdecimal():
            parts.pop()
        if parts[-1] in _ABOUT or (len(parts) > 1 and parts[0] in _MEASURES):
            return Strength.NONE
        if self._has_term(parts) or any(map(self._runs_together, parts)):
            return Strength.STRONG
        if parent and (above := words(parent)) and above[-1].removesuffix("s") + parts[0] in self._terms:
            return Strength.STRONG
        return Strength.WEAK if parts[-1].removesuffix("s") in self._last or whole in self._last else Strength.NONE

    def _has_term(self, parts: list[str]) -> bool:
        for start in range(len(parts)):
            joined = ""
            for part in parts[start : start + _MOST_WORDS]:
                joined += part
                if joined in self._terms or joined.removesuffix("s") in self._terms:
                    return True
        return False

    def _runs_together(self, word: str) -> bool:
        return word.endswith(_ENDINGS) or any(term in word for term in self._long)
