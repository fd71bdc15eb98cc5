"""A consumer written from PROTOCOL.md alone, on slixmpp: it stores packs in a file and acknowledges.

usage: consumer.py JID PASSWORD HOST PORT CA-FILE SENDER STORE [MOOD ...]
The first requests are met in these moods: busy (wait), silent (no answer), lost (stored, no answer), empty (a result
without <stored/>), small (more than one record is too much). A record of value 13 is refused for good.
"""
import asyncio
import os
import sys
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

NS, S = "urn:releve:pack:0", "{urn:ietf:params:xml:ns:senml}"


def records(sensml):
    name, base, unit = "", 0.0, ""
    for r in sensml.findall(S + "senml"):
        name, base, unit = r.get("bn", name), float(r.get("bt", base)), r.get("bu", unit)
        yield name + r.get("n", ""), round((base + float(r.get("t", 0))) * 1000), r.get("v", r.get("vs")), r.get("u", unit)


class Consumer(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca, sender, store, moods):
        super().__init__(jid, password)
        self.ca_certs, self.sender, self.moods = ca, sender, moods
        self.store, self.known = open(store, "a+"), set()
        self.store.seek(0)
        for line in self.store:
            self.known.add(tuple(line.split()[:2]))
        self.register_plugin("xep_0030")
        self["xep_0030"].add_feature(NS)
        self.register_handler(Callback("pack", MatchXPath("{jabber:client}iq/{%s}pack" % NS), self.take))
        self.add_event_handler("session_start", lambda _: (self.send_presence(), print("up", flush=True)))

    def take(self, iq):
        if iq["type"] != "set" or iq["from"].bare != self.sender:
            return self.refuse(iq, "auth", "forbidden")
        pack = list(records(iq.xml.find("{%s}pack" % NS).find(S + "sensml")))
        mood = self.moods.pop(0) if self.moods else "well"
        print(mood, len(pack), flush=True)
        if mood == "busy":
            return self.refuse(iq, "wait", "resource-constraint")
        if mood == "small" and len(pack) > 1:
            self.moods.insert(0, "small")
            return self.refuse(iq, "modify", "resource-constraint")
        if any(value == "13" for _, _, value, _ in pack):
            return self.refuse(iq, "modify", "bad-request")
        if mood in ("silent", "empty"):
            return iq.reply().send() if mood == "empty" else None
        for name, millis, value, unit in pack:
            if (name, str(millis)) not in self.known:
                self.known.add((name, str(millis)))
                self.store.write(f"{name} {millis} {value} {unit}\n")
        self.store.flush()
        os.fsync(self.store.fileno())
        if mood != "lost":
            reply = iq.reply()
            reply.append(ET.Element("{%s}stored" % NS))
            reply.send()

    def refuse(self, iq, kind, condition):
        reply = iq.reply()
        reply["type"], reply["error"]["type"], reply["error"]["condition"] = "error", kind, condition
        reply.send()


if __name__ == "__main__":
    jid, password, host, port, ca, sender, store, *moods = sys.argv[1:]
    consumer = Consumer(jid, password, ca, sender, store, moods)
    consumer.connect((host, int(port)))
    asyncio.get_event_loop().run_until_complete(consumer.disconnected)
