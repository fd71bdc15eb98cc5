#!/bin/sh
# Takes uPlot from npm, at the version and with the content of the lockfile, and puts it beside the page as one ES module.
# Without it the page shows the curves that the server draws. CHARTS=required fails where npm is not installed.
set -eu
cd "$(dirname "$0")"
out=../web/charts
if [ -d $out ] && sha256sum --check --status SHA256SUMS; then exit 0; fi
if ! command -v npm >/dev/null; then
	echo "npm is not installed: the curves will be drawn by the server alone (apt install npm)" >&2
	[ "${CHARTS:-}" != required ]; exit
fi
trap 'rm -rf node_modules' EXIT
npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --silent
mkdir -p $out
{ cat node_modules/uplot/dist/uPlot.iife.min.js; echo 'export default uPlot;'; } >$out/uplot.js
cp node_modules/uplot/dist/uPlot.min.css $out/uplot.css
cp node_modules/uplot/LICENSE $out/LICENSE
sha256sum --check --quiet SHA256SUMS
