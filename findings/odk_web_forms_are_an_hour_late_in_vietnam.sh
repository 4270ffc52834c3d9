#!/usr/bin/env bash
# In Vietnam, ODK Web Forms takes a time of day for one hour later: a patrol from 22:30 to 23:30 lasted -23 hours.
#
# Versions: @getodk/xforms-engine 0.22.0 (the form engine of ODK Web Forms and Central), beside it the evaluator of Enketo
# (KoboToolbox), openrosa-xpath-evaluator 3.1.0; jsdom 26.1.0 (npm).
# Seen: decimal-time('22:30:00.000+07:00'), the form in which phones store an answer, is 23.5 hours in the zone
# Asia/Ho_Chi_Minh, and 22.5 in Asia/Bangkok, which has the same clock today. 23:30 becomes half past midnight, so that
# end - start is -23. Enketo says 22.5 and 1 in both. The engine puts the time on 1 January 1970, when Saigon had +08:00.
# A time that is stored without +07:00 is right.
# Why it matters: hours on duty, nights and "before noon" are calculated from such answers; the figure differs between
# the form in the browser and the same form elsewhere, and whoever tests it from another country sees nothing.
#
# Needs node 18 or newer, npm and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . \
    @getodk/xforms-engine@0.22.0 openrosa-xpath-evaluator@3.1.0 jsdom@26.1.0 >/dev/null
cat >read.mjs <<'JS'
import { createRequire } from 'node:module';
import { JSDOM } from 'jsdom';

const require = createRequire(import.meta.url);
const { window } = new JSDOM('<html/>');
for (const name of ['Node', 'Element', 'Document', 'Text', 'Attr', 'DOMParser', 'XMLSerializer', 'XPathResult', 'XPathEvaluator']) {
    globalThis[name] = window[name];
}
Object.assign(globalThis, { window, document: window.document, require, __dirname: '.' }); // as in a browser or a bundle
const { loadForm } = await import('@getodk/xforms-engine');

const DATA = '<data id="patrol"><start>22:30:00.000+07:00</start><end>23:30:00.000+07:00</end><from/><hours/></data>';
const ASKED = {
    '/data/from': 'decimal-time(/data/start) * 24',
    '/data/hours': '(decimal-time(/data/end) - decimal-time(/data/start)) * 24',
};
const binds = Object.entries(ASKED).map(([at, sum]) => `<bind nodeset="${at}" type="decimal" calculate="${sum}"/>`);
const loaded = await loadForm(`<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
<h:head><h:title>Patrol</h:title><model><instance>${DATA}</instance>
<bind nodeset="/data/start" type="time"/><bind nodeset="/data/end" type="time"/>${binds.join('')}</model></h:head>
<h:body><input ref="/data/start"><label>start</label></input><input ref="/data/end"><label>end</label></input></h:body>
</h:html>`);
const nodes = loaded.createInstance().root.currentState.children;
const web = Object.keys(ASKED).map((at) => nodes.find((node) => node.currentState.reference === at).currentState.value);

const document = new DOMParser().parseFromString(DATA, 'text/xml');
const enketo = Object.values(ASKED).map(
    (sum) => require('openrosa-xpath-evaluator')().evaluate(sum, document, null, XPathResult.NUMBER_TYPE).numberValue,
);
const round = (value) => Math.round(value * 1000) / 1000;
console.log('ODK Web Forms', ...web.map(round), 'Enketo', ...enketo.map(round));
JS
changed=0
while IFS='|' read -r zone seen; do
    found=$(TZ=$zone node read.mjs)
    echo "$zone, start and hours: $found"
    test "$found" = "$seen" || changed=1
done <<'SEEN'
Asia/Ho_Chi_Minh|ODK Web Forms 23.5 -23 Enketo 22.5 1
Asia/Bangkok|ODK Web Forms 22.5 1 Enketo 22.5 1
SEEN
exit $changed
