import html.parser
import json
import sys

import cmarkgfm
from cmarkgfm.cmark import Options

VOID = {"br", "hr", "img", "wbr", "input"}


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.all = [], []

    def handle_starttag(self, tag, attributes):
        within = [element["name"] for element in self.open]
        element = {"name": tag, "within": within, "attributes": attributes, "text": "", "own": ""}
        self.all.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1]["name"] == tag, f"</{tag}> in {[one['name'] for one in self.open]}"
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data
        if self.open:
            self.open[-1]["own"] += data

    def handle_comment(self, data):
        self.all.append({"name": "!--", "within": [], "attributes": [], "text": data, "own": data})


page = cmarkgfm.markdown_to_html_with_extensions(
    sys.stdin.read(), Options.CMARK_OPT_UNSAFE, ["table", "autolink", "strikethrough", "tasklist"]
)
reader = Reader()
reader.feed(page)
reader.close()
assert not reader.open, [element["name"] for element in reader.open]
json.dump({"html": page, "elements": reader.all}, sys.stdout)
