"""The kinds of sources: the libraries that send events. Ids and slugs are those of Segment's catalogue, so that what
was written for it names the same kinds here. All of them speak the same protocol; the kind is for people."""

import msgspec

from actionsd.errors import NotFound


class SourceKind(msgspec.Struct, frozen=True):
    """One kind of source."""

    id: str
    slug: str
    name: str
    category: str
    description: str = ""


KINDS = (
    SourceKind("iUM16Md8P2", "http-api", "HTTP API", "Server", "Any program that posts events over HTTP."),
    SourceKind("IqDTy1TpoU", "javascript", "Javascript", "Website", "Websites, through analytics.js."),
    SourceKind("7XqN9rJQOG", "pixel-tracking-api", "Pixel Tracking API", "Server", "Images in mails and pages."),
    SourceKind("XRksQPCr7X", "python", "Python", "Server"),
    SourceKind("U9mT0bPcI6", "node-js", "Node.js", "Server"),
    SourceKind("yBvi77aEwr", "go", "Go", "Server"),
    SourceKind("V6ynUvQgbc", "java", "Java", "Server"),
    SourceKind("8HWbgPTt3k", "net", ".NET", "Server"),
    SourceKind("TDO70If4mD", "php", "PHP", "Server"),
    SourceKind("aACTBqIbWT", "ruby", "Ruby", "Server"),
    SourceKind("B6L7qzHmhI", "clojure", "Clojure", "Server"),
    SourceKind("yMu7LRR59b", "kotlin", "Kotlin", "Server"),
    SourceKind("dZeHygTSD4", "apple", "Apple", "Mobile"),
    SourceKind("9EMcTqiKok", "kotlin-android", "Kotlin (Android)", "Mobile"),
    SourceKind("CvYws1p1ZA", "flutter", "Flutter", "Mobile"),
    SourceKind("B0X0QmvMny", "react-native", "React Native", "Mobile"),
    SourceKind("4zkHfaSKI8", "unity", "Unity", "Mobile"),
    SourceKind("wcssVcPJrc", "xamarin", "Xamarin", "Mobile"),
)

_known = {kind.id: kind for kind in KINDS} | {kind.slug: kind for kind in KINDS}


def of(slug: str) -> SourceKind:
    """The kind that a source was given, which may be one that is not in the catalogue."""
    return _known.get(slug) or SourceKind(slug, slug, slug, "Server")


def find(key: str) -> SourceKind:
    """The kind with this id or slug.

    Raises:
        NotFound: there is none.
    """
    if key not in _known:
        raise NotFound(f"there is no kind of source {key!r}; known are {', '.join(kind.slug for kind in KINDS)}")
    return _known[key]
