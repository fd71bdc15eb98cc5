"""A client on slixmpp that asks another what it is and can, and prints the answers.

usage: peer.py JID PASSWORD HOST PORT CA-FILE PEER
"""
import asyncio
import sys

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout

PLUGINS = ("xep_0004", "xep_0012", "xep_0030", "xep_0050", "xep_0092", "xep_0115", "xep_0184", "xep_0199", "xep_0202")


class Peer(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca, other):
        super().__init__(jid, password)
        self.ca_certs, self.other = ca, other
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        self.plugin["xep_0184"].auto_request = True
        self.add_event_handler("session_start", self.start)

    async def start(self, _):
        self.send_presence()
        try:
            await self.ask()
        except (IqError, IqTimeout) as error:
            print("error", error.condition, error.text)
        except Exception as error:  # or the program would wait for ever
            print("error", repr(error))
        self.disconnect()

    async def ask(self):
        ask = dict(jid=self.other, timeout=20)
        info = await self.plugin["xep_0030"].get_info(**ask)
        found = info["disco_info"]
        for identity in sorted(found["identities"]):
            print("identity", *identity)
        print("features", *sorted(found["features"]))
        for form in found["substanzas"]:
            values = form["values"]
            print("form", form["type"], *[f"{k}={values[k]}" for k in sorted(values)])
        print("verification", self.plugin["xep_0115"].generate_verstring(found, "sha-1"))
        items = await self.plugin["xep_0030"].get_items(node="http://jabber.org/protocol/commands", **ask)
        print("commands", *[f"{node}={name}" for _, node, name in sorted(items["disco_items"]["items"])])
        version = (await self.plugin["xep_0092"].get_version(self.other, timeout=20))["software_version"]
        print("version", version["name"], version["version"], version["os"])
        await self.uptime()
        print("ping", (await self.plugin["xep_0199"].ping(self.other, timeout=20)) < 20)
        await self.receipt()
        await self.time()

    async def uptime(self):
        try:
            last = await self.plugin["xep_0012"].get_last_activity(self.other, timeout=20)
            print("uptime", last["last_activity"]["seconds"] < 600)
        except IqError as error:
            print("uptime", error.condition, error.text)

    async def time(self):
        """The words as they came: slixmpp 1.8 adds a Z to what ends with one, and cannot read that."""
        try:
            told = (await self.plugin["xep_0202"].get_entity_time(self.other, timeout=20))["entity_time"]
            print("time", told.xml.findtext("{urn:xmpp:time}utc"), told.xml.findtext("{urn:xmpp:time}tzo"))
        except IqError as error:
            print("time", error.condition, error.text)

    async def receipt(self):
        """Our receipt, which the stanza's own handler in slixmpp matches by its id."""
        got = asyncio.get_running_loop().create_future()
        self.add_event_handler("receipt_received", lambda m: got.done() or got.set_result(m))
        message = self.make_message(mto=self.other, mbody="bonjour")
        message["request_receipt"] = True
        message.append(slixmpp.xmlstream.ET.fromstring("<data xmlns='urn:test'/>"))
        message.send()
        receipt = await asyncio.wait_for(got, 20)
        print("receipt", receipt["receipt"] == message["id"], receipt["from"])


jid, password, host, port, ca, other = sys.argv[1:]
peer = Peer(jid, password, ca, other)
peer.connect(address=(host, int(port)))
peer.process(forever=False)
