#!/usr/bin/env bash
# For gpxjs a track ends at its last point but one, and who is recorded every 30 seconds has not moved at all.
#
# Version: @we-gold/gpxjs 1.2.0, jsdom 26.1.0 (npm).
# Seen: of a steady walk from 06:30 to 06:35, 334 m, with a point every 30 seconds, endTime is 06:34:30, totalDuration
# 270 and movingDuration 0 seconds. The same walk with a point every 10 seconds has 290 and 290. A track of two points,
# eight hours and 11 km apart, lasts 0 seconds and ends when it began. The distance is right in all three. The last
# point is left out of the times, and speed is taken over the 10 seconds before a point: where they hold no other point,
# one stands still. The documented threshold of speed does not say so. No error or warning.
# Why it matters: hours of patrols and of field visits come out short by one interval, and moving time follows how the
# device was set: with longer intervals, who walked all day did not move. Take times from the points themselves.
#
# Needs node 18 or newer, npm and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . @we-gold/gpxjs@1.2.0 jsdom@26.1.0 >/dev/null
cat >read.mjs <<'JS'
import { isDeepStrictEqual } from 'node:util';
import { parseGPXWithCustomParser } from '@we-gold/gpxjs';
import { JSDOM } from 'jsdom';

const parser = new (new JSDOM('').window.DOMParser)();
const BEGIN = Date.parse('2026-10-05T06:30:00Z');

/** Metres, end, total and moving seconds of a walk to the north, with a point every interval (seconds, degrees). */
const walked = (seconds, degrees, interval) => {
    const points = Array.from({ length: seconds / interval + 1 }, (_, i) => {
        const latitude = (12.5 + (degrees * i * interval) / seconds).toFixed(6);
        const time = new Date(BEGIN + i * interval * 1000).toISOString();
        return `<trkpt lat="${latitude}" lon="108.1"><ele>500</ele><time>${time}</time></trkpt>`;
    });
    const track = `<trk><trkseg>${points.join('')}</trkseg></trk>`;
    const [read, error] = parseGPXWithCustomParser(
        `<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="x">${track}</gpx>`,
        (text) => parser.parseFromString(text, 'text/xml'),
    );
    if (error) throw error;
    const { distance, duration } = read.tracks[0];
    return [
        Math.round(distance.total),
        new Date(duration.endTime).toISOString().slice(11, 19),
        duration.totalDuration,
        duration.movingDuration,
    ];
};

const CASES = [
    [[300, 0.003, 30], [334, '06:34:30', 270, 0]],
    [[300, 0.003, 10], [334, '06:34:50', 290, 290]],
    [[28800, 0.1, 28800], [11119, '06:30:00', 0, 0]],
];
let still = true;
for (const [[seconds, degrees, interval], seen] of CASES) {
    const found = walked(seconds, degrees, interval);
    console.log(`${seconds} seconds, a point every ${interval}: metres, end, total, moving:`, ...found);
    still &&= isDeepStrictEqual(found, seen);
}
process.exit(still ? 0 : 1);
JS
node read.mjs
