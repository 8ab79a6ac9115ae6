// What Raspberry Pi Imager reads (rpi-imager --repo os_list.json): the image, its sizes and hashes, before and after unpacking.
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";

/** Imager's names for the boards; the Zero 2 W is one of the Pi 3's. */
const DEVICES = { trixie: ["pi3-64bit", "pi4-64bit"], backports: ["pi3-64bit", "pi4-64bit", "pi5-64bit"] };

/** The list with this one image; no `init_format`, since its settings are in files that Imager does not know. */
export function imagerList({ url, version, kernel, releaseDate, image, compressed }) {
	return {
		os_list: [
			{
				name: `Tallywire ${version}`,
				description: "Telemetry gateway: sensors to MQTT. Settings in tallywire.yaml on the card's first partition",
				icon: "",
				url,
				extract_size: image.bytes,
				extract_sha256: image.sha256,
				image_download_size: compressed.bytes,
				image_download_sha256: compressed.sha256,
				release_date: releaseDate,
				devices: DEVICES[kernel],
			},
		],
	};
}

/** Size and hash of a file. */
export async function measure(path) {
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
	return { bytes: statSync(path).size, sha256: hash.digest("hex") };
}
