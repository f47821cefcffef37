"""Listing pages as a WordPress theme makes them, and the server that gives them out.

    python3 benches/whole/pages.py FILE

A page has about 127 KB: half of it styles and scripts, two menus, two dozen sections, and 8 to 12 entries whose day stands at
the beginning of the teaser ("On 6 March, ..."). A few hundred pages are made from a seed; each of any number of sources gets one
of them with its own number in every address and headline. Each source is asked for at an address of loopback of its own.

    /etag/N/    page N with an entity tag, answered by 304
    /plain/N/   the same without validators
    /-/grow     from now on one page in a hundred has one entry more
    /-/reset    no page has, and no request was seen
    /-/first    when the first request came, by the clock that all processes share

The port it listens at is written to FILE.
"""

import asyncio
import html
import random
import sys
import time

VARIANTS = 200
NUMBER = "00000"
MONTHS = ("January February March April May June July August September October November December").split()
WHO = ["The harbour office", "Our field team", "The town archive", "The parents' council", "The water board", "The chess club",
       "The botanical garden", "The library", "The rowing club", "The youth orchestra", "The museum", "The legal clinic"]
DID = ["opened", "reviewed", "handed over", "presented", "approved", "signed", "repaired", "announced", "mapped", "restored"]
WHAT = ["a footbridge over the mill stream", "its third annual report", "forty benches", "a plan for the old quay",
        "an exhibition of pressed ferns", "the winter timetable", "a petition with 2,300 names", "the rebuilt signal box",
        "two electric minibuses", "a memorial garden", "a small fund for grants", "an open rehearsal"]
WHERE = ["in Kestrel Lane", "at the Corn Hall", "beside the lower lock", "in Upper Tarn", "on the east pier", "near Marl Cross",
         "in the Assembly Rooms", "under the viaduct"]
MORE = ["More than eighty people came, and the organisers hope to repeat it before autumn.",
        "The costs were lower than feared, says the treasurer’s note.",
        "Work goes on next week; please use the northern entrance until then.",
        "Volunteers are still needed for the second stage & any help is welcome.",
        "A full account, with photographs, follows in the members’ letter.",
        "“It was worth the wait,” said one of the older residents afterwards.",
        "Questions can be sent to the secretary until the end of the month."]
TOPICS = ("news events about membership gallery archive contact projects reports press library volunteering research council "
          "minutes history venues education tickets support jobs locations transport wildlife").split()
PROPERTIES = ["background-color", "color", "border-color", "font-size", "line-height", "padding-top", "margin-left", "max-width",
              "border-radius", "transition", "opacity", "z-index"]


def style(dice, size):
    """So many bytes of rules."""
    rules, length = [], 0
    while length < size:
        names = [f".et_pb_{dice.choice(['section', 'row', 'text', 'blog', 'menu'])}_{dice.randrange(60)}"
                 f"{dice.choice(['', ' > div', ':hover', '::before'])} .et_pb_{dice.choice(['module', 'post', 'button'])}"
                 for _ in range(dice.randint(1, 3))]
        values = [f"{dice.choice(PROPERTIES)}:"
                  + dice.choice([f"#{dice.randrange(1 << 24):06x}!important", f"{dice.randrange(90)}px", f"{dice.random():.2f}em"])
                  for _ in range(dice.randint(2, 5))]
        rules.append(f"{','.join(names)}{{{';'.join(values)}}}")
        length += len(rules[-1])
    return "".join(rules)


def script(dice, size):
    """So many bytes of program."""
    lines, length = [], 0
    while length < size:
        lines.append(f'var et_{dice.randrange(99)}={{"ajaxurl":"https:\\/\\/site{dice.randrange(9999)}.example\\/ajax.php",'
                     f'"nonce":"{dice.randrange(1 << 40):010x}","fill_message":"Please, fill in the following fields:"}};'
                     f'if(window.wp&&{dice.randrange(9)}<3){{document.querySelectorAll(".x").forEach(function(e)'
                     f'{{e.innerHTML="<b>"+e.id+"<\\/b>"}})}}\n')
        length += len(lines[-1])
    return "".join(lines)


def menu(dice, name, host):
    parts, number = [f'<ul id="{name}" class="et-menu nav">'], dice.randrange(100, 900)

    def item(depth, has_more):
        nonlocal number
        number += 1
        topic = dice.choice(TOPICS)
        marked = " menu-item-has-children" if has_more else ""
        parts.append(f'<li class="menu-item menu-item-type-post_type menu-item-object-page{marked} menu-item-{number}">'
                     f'<a href="{host}{topic}/{dice.choice(TOPICS)}-{number}/">{topic.title()} &amp; {dice.choice(TOPICS)}</a>')
        if has_more:
            parts.append('\n<ul class="sub-menu">\n\t')
            for _ in range(dice.randint(3, 7)):
                item(depth + 1, depth < 1 and dice.random() < .25)
            parts.append("</ul>\n")
        parts.append("</li>\n")

    for _ in range(6):
        item(0, True)
    return "".join(parts) + "</ul>"


def entry(dice, place, day, host):
    who, did, what, where = dice.choice(WHO), dice.choice(DID), dice.choice(WHAT), dice.choice(WHERE)
    headline = f"{who} {did} {what} ({NUMBER}/{place})"
    link = f"{host}post/{place}-{'-'.join(what.split()[:4]).replace(chr(39), '')}/"
    date = f"On {day % 28 + 1} {MONTHS[day // 28 % 12]}, "
    teaser = f"{date}{who[0].lower()}{who[1:]} {did} {what} {where}. {dice.choice(MORE)} {dice.choice(MORE)}"
    image = "" if dice.random() < .4 else (
        f'<div class="et_pb_image_container"><a href="{link}" class="entry-featured-image-url"><img decoding="async" loading="lazy"'
        f' src="{host}wp-content/uploads/img-{place}-400x250.jpg" alt="{html.escape(headline)}" class="" srcset="{host}img-{place}.jpg'
        f' 479w, {host}img-{place}-400x250.jpg 480w " sizes="(max-width:479px) 479px, 100vw " width="400" height="250" /></a></div>')
    return (f'\t\t\t<article id="post-{place}" class="et_pb_post clearfix et_pb_blog_item_0_{place} post type-post status-publish '
            f'format-standard has-post-thumbnail hentry category-news tag-{dice.choice(TOPICS)}">\n\n\t\t\t\t{image}\n\t\t\t\t\t\t\t\t'
            f'<h2 class="entry-title"><a href="{link}">{html.escape(headline, quote=False)}</a></h2>\n\t\t\t\t\n\t\t\t\t\t'
            f'<div class="post-content"><div class="post-content-inner"><p>{html.escape(teaser, quote=False)}</p>\n</div>'
            f'<a href="{link}" class="more-link">read more</a></div>\t\t\t\n\t\t\t\t</article>\n')


def page(seed):
    """One page in two parts, and its newest entry, which may stand between them."""
    dice = random.Random(seed)
    host = f"http://127.9.9.9:18080/site{NUMBER}/"
    day = 250 + dice.randrange(20)
    entries = []
    for place in range(dice.randint(9, 13)):
        entries.append(entry(dice, place, day, host))
        day -= dice.randint(1, 20)
    sections = "".join(
        f'<div class="et_pb_section et_pb_section_{n} et_section_regular"><div class="et_pb_row et_pb_row_{n}"><div class="et_pb_column '
        f'et_pb_column_1_3 et_pb_column_{n} et_pb_css_mix_blend_mode_passthrough"><div class="et_pb_module et_pb_text et_pb_text_{n} '
        f'et_pb_bg_layout_light"><div class="et_pb_text_inner"><h3>{dice.choice(TOPICS).title()}</h3><p>{dice.choice(MORE)} <a href="'
        f'{host}{dice.choice(TOPICS)}/">{dice.choice(TOPICS)}</a> {dice.choice(MORE)}</p></div></div></div></div></div>\n'
        for n in range(24))
    widgets = "".join(
        f'<div class="footer-widget"><div id="text-{n}" class="fwidget et_pb_widget widget_text"><h4 class="title">'
        f'{dice.choice(TOPICS).title()}</h4><div class="textwidget"><p>{dice.choice(MORE)} {dice.choice(MORE)}<br />\n'
        f'{dice.choice(WHERE)}</p>\n</div></div></div>\n' for n in range(2, 14))
    links = "".join(f'<link rel="stylesheet" id="plugin-{n}-css" href="{host}wp-content/plugins/p{n}/style.css?ver=6.{n}" '
                    f'type="text/css" media="all" />\n' for n in range(8))
    head = (f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n\t<meta charset="UTF-8" />\n<meta http-equiv="X-UA-Compatible" '
            f'content="IE=edge">\n\t<title>News {NUMBER}</title>\n<meta name="description" content="News &amp; notices" />\n'
            f'<link rel="canonical" href="{host}news/" />\n{links}<script type="application/ld+json" class="yoast-schema-graph">'
            f'{{"@context":"https://schema.org","@graph":[{{"@type":"CollectionPage","@id":"{host}news/","name":"News",'
            f'"inLanguage":"en-GB"}}]}}</script>\n<style id="global-styles-inline-css" type="text/css">\n{style(dice, 43000)}</style>\n'
            f'<style id="divi-style-inline-inline-css" type="text/css">\n{style(dice, 4000)}</style>\n'
            f'<script type="text/javascript" id="jquery-core-js-extra">\n/* <![CDATA[ */\n{script(dice, 6000)}/* ]]> */\n</script>\n'
            f'</head>\n')
    before = (f'{head}<body class="archive category wp-theme-Divi et_pb_button_helper_class et_fixed_nav et_show_nav '
              f'et_pb_footer_columns4 osx et_right_sidebar et_divi_theme et-db">\n\t<div id="page-container">\n<header id="main-header">'
              f'<div class="container clearfix et_menu_container"><a href="{host}"><img src="{host}logo.png" width="93" height="43" '
              f'alt="Site" id="logo" /></a><nav id="top-menu-nav">{menu(dice, "top-menu", host)}</nav><div id="et_mobile_nav_menu">'
              f'{menu(dice, "mobile_menu", host)}</div></div></header>\n<div id="et-main-area">\n<div id="main-content">\n{sections}'
              f'<div class="et_pb_section et_pb_section_30"><div class="et_pb_row"><div class="et_pb_column et_pb_column_4_4"><div class='
              f'"et_pb_module et_pb_blog_0 et_pb_posts et_pb_bg_layout_light ">\n<div class="et_pb_ajax_pagination_container">\n')
    after = ("".join(entries[1:]) + f'<div class="pagination clearfix"><div class="alignleft"><a href="{host}news/page/2/">&laquo; Older '
             f'Entries</a></div></div></div></div></div></div></div>\n</div>\n<footer id="main-footer"><div class="container"><div '
             f'id="footer-widgets" class="clearfix">{widgets}</div></div></footer>\n</div></div>\n<script type="text/javascript" '
             f'id="divi-custom-script-js-extra">\n/* <![CDATA[ */\n{script(dice, 9000)}/* ]]> */\n</script>\n<!-- page {NUMBER} -->\n'
             f'</body>\n</html>\n')
    return before.encode(), entries[0].encode(), after.encode()


class Site:
    def __init__(self):
        self.pages = [page(seed) for seed in range(VARIANTS)]
        self.is_grown = False
        self.first = None

    def answer(self, path, asked_tag):
        """The bytes of an answer."""
        if path.startswith("/-/"):
            if path == "/-/grow":
                self.is_grown = True
            elif path == "/-/reset":
                self.is_grown, self.first = False, None
            return self.whole("200 OK", "", repr(self.first).encode())
        if self.first is None:
            self.first = time.monotonic()
        _, kind, number, _ = path.split("/")
        number = int(number)
        has_grown = self.is_grown and number % 100 == 7
        tag = f'"{number}-{has_grown:d}"'
        if kind == "etag" and asked_tag == tag:
            return f"HTTP/1.1 304 Not Modified\r\netag: {tag}\r\n\r\n".encode()
        before, newest, after = self.pages[number % VARIANTS]
        body = (before + newest + after if has_grown else before + after).replace(NUMBER.encode(), b"%05d" % number)
        more = "content-type: text/html; charset=utf-8\r\n" + (f"etag: {tag}\r\n" if kind == "etag" else "")
        return self.whole("200 OK", more, body)

    @staticmethod
    def whole(status, more, body):
        return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body


class Connection(asyncio.Protocol):
    def __init__(self, site):
        self.site, self.buffer = site, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            tag = next((line[14:].strip() for line in lines if line.lower().startswith("if-none-match:")), None)
            self.transport.write(self.site.answer(lines[0].split(" ")[1], tag))


async def main(file):
    site = Site()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(site), "0.0.0.0", 0, backlog=8192)
    with open(file, "w") as out:
        out.write(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
