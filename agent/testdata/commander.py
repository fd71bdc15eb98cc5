"""Somebody who runs commands of an agent with slixmpp, as Gajim or Psi+ would.

usage: commander.py JID PASSWORD HOST PORT CA-FILE AGENT
Reads a JSON object a line from standard input and answers each with one a line, in order:
{"do": "items", "node": N} and {"do": "info", "node": N} ask XEP-0030; {"do": "command", "node": N, "action": A,
"session": S, "lang": L, "fields": {NAME: [VALUE, ...]}} takes a step of XEP-0050; fields may be left out.
Chat messages that come are printed as {"message": TEXT} in between.
"""
import asyncio
import json
import sys
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout

CMD = "{http://jabber.org/protocol/commands}"
X = "{jabber:x:data}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
DISCO = "{http://jabber.org/protocol/disco#%s}"


def say(what):
    print(json.dumps(what, ensure_ascii=False), flush=True)


def values(field):
    return [v.text or "" for v in field.findall(X + "value")]


def form(x):
    fields = {f.get("var"): {"type": f.get("type"), "label": f.get("label"), "values": values(f), "required": f.find(X + "required") is not None,
                             "desc": f.findtext(X + "desc"), "options": [values(o)[0] for o in f.findall(X + "option")]}
              for f in x.findall(X + "field")}
    rows = [[v for f in item.findall(X + "field") for v in values(f)] for item in x.findall(X + "item")]
    return {"type": x.get("type"), "title": x.findtext(X + "title"), "fields": fields, "rows": rows}


def answer(command):
    actions = command.find(CMD + "actions")
    said = {"session": command.get("sessionid"), "status": command.get("status"),
            "notes": [n.get("type") + ": " + n.text for n in command.findall(CMD + "note")],
            "actions": [] if actions is None else [a.tag.split("}")[1] for a in actions]}
    if command.find(X + "x") is not None:
        said["form"] = form(command.find(X + "x"))
    return said


class Commander(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca, agent):
        super().__init__(jid, password)
        self.ca_certs, self.agent = ca, agent
        self.register_plugin("xep_0030")
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("message", lambda m: m["type"] == "chat" and say({"message": m["body"]}))

    async def start(self, _):
        self.send_presence()
        lines = asyncio.StreamReader(limit=1 << 22)
        await asyncio.get_event_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        say({"status": "online"})
        while line := await lines.readline():
            say(await self.does(json.loads(line)))
        self.disconnect()

    async def does(self, asked):
        try:
            return await getattr(self, asked["do"])(asked)
        except IqError as error:
            app = [e.tag.split("}")[1] for e in error.iq.xml.find("{jabber:client}error") if "xmpp-stanzas" not in e.tag]
            return {"error": " ".join([error.condition] + app), "text": error.text}
        except IqTimeout:
            return {"error": "timeout"}

    async def items(self, asked):
        said = await self["xep_0030"].get_items(jid=self.agent, node=asked["node"], timeout=300)
        return {"rows": [[i.get("node"), i.get("name")] for i in said.xml.find(DISCO % "items" + "query")]}

    async def info(self, asked):
        said = await self["xep_0030"].get_info(jid=self.agent, node=asked["node"], timeout=300)
        query = said.xml.find(DISCO % "info" + "query")
        return {"rows": [[e.get("name") or e.get("var")] for e in query if e.get("name") or e.get("var")]}

    async def command(self, asked):
        element = ET.Element(CMD + "command", node=asked["node"], action=asked.get("action", "execute"))
        if asked.get("session"):
            element.set("sessionid", asked["session"])
        if asked.get("fields") is not None:
            x = ET.SubElement(element, X + "x", type="submit")
            for var, all_of in asked["fields"].items():
                field = ET.SubElement(x, X + "field", var=var)
                for value in all_of:
                    ET.SubElement(field, X + "value").text = value
        iq = self.make_iq_set(ito=self.agent)
        if asked.get("lang"):
            iq.xml.set(LANG, asked["lang"])
        iq.append(element)
        return answer((await iq.send(timeout=300)).xml.find(CMD + "command"))


if __name__ == "__main__":
    jid, password, host, port, ca, agent = sys.argv[1:]
    commander = Commander(jid, password, ca, agent)
    commander.connect((host, int(port)))
    asyncio.get_event_loop().run_until_complete(commander.disconnected)
