"""A neighbour on slixmpp who speaks Quoalise as the federation's reference client does, without receipts, and can be rude.

usage: neighbour.py listen|repair|rude|tour JID PASSWORD HOST PORT CA-FILE PROVIDER [START]
listen subscribes to everything the provider lists and prints what it pushes; repair prints the history of everything it
lists since START; rude sends the stanzas on standard input, separated by NUL, and then wants a ping answered. Records are
printed as SenML JSON, one resolved record a line. tour does once what a client can do and prints what is said both ways, from
the login on, as an XML document; whatever is not as it should be ends it with an error.
"""
import asyncio
import json
import re
import sys
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone
from xml.dom import minidom

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

CMD = "{http://jabber.org/protocol/commands}"
Q = "{urn:quoalise:0}"
S = "{urn:ietf:params:xml:ns:senml}"
ITEMS = "{http://jabber.org/protocol/disco#items}"


def show(data):
    name, base, unit, value = "", 0.0, "", 0.0
    for r in data.find(S + "sensml").findall(S + "senml"):
        name, base, unit = r.get("bn", name), float(r.get("bt", base)), r.get("bu", unit)
        value = float(r.get("bv", value))
        record = {"n": name + r.get("n", ""), "t": round(base + float(r.get("t", 0)), 3)}
        if r.get("u", unit):
            record["u"] = r.get("u", unit)
        for key, read in (("v", lambda text: float(text) + value), ("vs", str), ("vb", lambda text: text == "true")):
            if r.get(key) is not None:
                record[key] = read(r.get(key))
        print(json.dumps(record), flush=True)


def command(node, **fields):
    element = ET.Element(CMD + "command", node=node, action="execute")
    form = ET.SubElement(element, "{jabber:x:data}x", type="submit")
    for var, value in fields.items():
        field = ET.SubElement(form, "{jabber:x:data}field", var=var, type="text-single")
        ET.SubElement(field, "{jabber:x:data}value").text = value
    return element


def instant(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


class Neighbour(slixmpp.ClientXMPP):
    def __init__(self, verb, jid, password, ca, provider, start=""):
        super().__init__(jid, password)
        self.ca_certs, self.provider, self.since, self.failed, self.pushes = ca, provider, start, None, None
        self.verb = getattr(self, verb)
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0199")
        self.register_handler(Callback("push", MatchXPath("{jabber:client}message/" + Q + "quoalise"), self.pushed))
        self.add_event_handler("session_start", self.start)

    async def start(self, _):
        try:
            await self.verb()
        except (IqError, IqTimeout, AssertionError) as error:
            self.failed = error
            self.disconnect()

    def pushed(self, message):
        if self.pushes:
            return self.pushes.put_nowait(message)
        show(message.xml.find(Q + "quoalise").find(Q + "data"))

    async def ask(self, element, timeout=30):
        iq = self.make_iq_set(ito=self.provider)
        iq.append(element)
        return (await iq.send(timeout=timeout)).xml.find(CMD + "command")

    async def series(self):
        answer = await self["xep_0030"].get_items(jid=self.provider, node="series", timeout=30)
        return [item.get("node") for item in answer.xml.find(ITEMS + "query")]

    async def listen(self):
        self.send_presence(ppriority=1)
        while True:  # the provider may not be there yet, or have nothing yet
            try:
                if names := await self.series():
                    await self.ask(command("subscribe", identifier=names[0].split("_")[0]))
                    return print("subscribed to", self.provider, file=sys.stderr, flush=True)
            except (IqError, IqTimeout) as error:
                print("not subscribed yet:", repr(error), file=sys.stderr, flush=True)
            await asyncio.sleep(1)

    async def repair(self):
        self.send_presence(ppriority=-1)
        names = await self.series()
        for name in names:
            await self.history(name, self.since, "")
        print("repaired", len(names), "series since", self.since, file=sys.stderr)
        self.disconnect()

    async def history(self, name, start, end):
        times = {"start_time": start}
        if end:
            times["end_time"] = end
        try:
            answer = await self.ask(command("get_history", identifier=name, **times), timeout=120)
        except IqError as error:
            page = re.search(r"until (\S+),", error.text or "")
            if not page:
                raise
            await self.history(name, start, page[1])
            await self.history(name, page[1], end)
            return
        show(answer.find(Q + "quoalise").find(Q + "data"))

    def said(self, way):
        """A filter that prints what passes between this client and the provider."""
        def show(stanza):
            peer = stanza["to" if way == "sent" else "from"]
            if stanza.name == "presence" and not stanza.xml.get("to") or peer.bare == slixmpp.JID(self.provider).bare:
                text = minidom.parseString(str(stanza)).documentElement.toprettyxml(indent="  ")
                print("<%s at='%s'>\n%s</%s>" % (way, instant(0), text, way), flush=True)
            return stanza
        return show

    def step(self, text):
        print("\n<!-- %s -->" % text, flush=True)

    async def refused(self, condition, element):
        try:
            await self.ask(element)
        except IqError as error:
            assert error.condition == condition, "refused with %s, not %s" % (error.condition, condition)
        else:
            raise AssertionError("not refused with " + condition)

    async def tour(self):
        for device in {name.split("_")[0] for name in await self.series()}:  # whoever had this account before may have subscribed
            await self.ask(command("unsubscribe", identifier=device))
            await asyncio.sleep(5)
        self.pushes = asyncio.Queue()  # not printed as records
        print("<transcript client='slixmpp %s' begun='%s'>" % (slixmpp.__version__, instant(0)))
        self.add_filter("in", self.said("received"))
        self.add_filter("out_sync", self.said("sent"))
        self.step("Presence, by which messages to the bare address come here.")
        self.send_presence(ppriority=1)
        await asyncio.sleep(1)
        self.step("What is it, and what can it do?")
        await self["xep_0030"].get_info(jid=self.provider, timeout=60)
        self.step("Which commands does it have?")
        await self["xep_0030"].get_items(jid=self.provider, node="http://jabber.org/protocol/commands", timeout=60)
        self.step("Which series may I see?")
        names = await self.series()
        device = names[0].split("_")[0] if names else "urn:dev:org:60060-unknown"
        name = device + "_consumption/power/apparent/raw"
        if self.since == "stranger":
            assert not names, "a stranger is told of %s" % names
            self.step("A stranger asks for the history of a meter, and may not know whether there is one.")
            await self.refused("not-authorized", command("get_history", identifier=name))
            self.step("A stranger subscribes.")
            await self.refused("not-authorized", command("subscribe", identifier=device))
        else:
            await self.granted(names, device, name)
        self.step("Does it live?")
        await self["xep_0199"].ping(self.provider, timeout=60)
        print("</transcript>", flush=True)
        self.disconnect()

    async def granted(self, names, device, name):
        assert name in names, "%s is not among %s" % (name, names)
        self.step("Ten seconds of raw values.")
        await self.ask(command("get_history", identifier=name, start_time=instant(-12), end_time=instant(-2)))
        self.step("Means of ten minutes, by a name: none is over yet.")
        await self.ask(command("get_history", identifier=name + "/mean/PT10M", start_time=instant(-60), end_time=instant(0)))
        self.step("A series there is not.")
        await self.refused("not-authorized", command("get_history", identifier=device + "_no/such/series"))
        self.step("A time that is none.")
        await self.refused("bad-request", command("get_history", identifier=name, start_time="yesterday"))
        self.step("A form to fill in, as for people: what does subscribe want?")
        execution = ET.Element(CMD + "command", node="subscribe", action="execute")
        form = await self.ask(execution)
        assert form.get("status") == "executing", "a command without a form is " + form.get("status")
        self.step("Never mind.")
        await self.ask(ET.Element(CMD + "command", node="subscribe", action="cancel", sessionid=form.get("sessionid")))
        self.step("Subscribe to the power, to changes of 10 VA and more. Two pushes are waited for.")
        self.pushes = asyncio.Queue()
        await self.ask(command("subscribe", identifier=name, dead_band="10"))
        for _ in range(2):
            await asyncio.wait_for(self.pushes.get(), 300)
        self.step("Enough.")
        await self.ask(command("unsubscribe", identifier=name))
        self.step("A command there is not.")
        await self.refused("item-not-found", command("get_rich"))

    async def rude(self):
        self.send_presence(ppriority=-1)
        stanzas = sys.stdin.read().split("\0")
        for stanza in stanzas:
            self.send_raw(stanza)
        for _ in range(60):  # told to wait, as who asks too much at once
            try:
                await self["xep_0199"].ping(self.provider, timeout=60)
            except IqError as error:
                if error.etype != "wait":
                    raise
                await asyncio.sleep(1)
            else:
                print("sent", len(stanzas), "stanzas; a ping is answered", file=sys.stderr)
                return self.disconnect()
        raise AssertionError("no ping is answered")


if __name__ == "__main__":
    verb, jid, password, host, port, ca, *rest = sys.argv[1:]
    neighbour = Neighbour(verb, jid, password, ca, *rest)
    neighbour.connect((host, int(port)))
    asyncio.get_event_loop().run_until_complete(neighbour.disconnected)
    if neighbour.failed is not None:
        sys.exit("%s: %r" % (verb, neighbour.failed))
