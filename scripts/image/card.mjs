// The card: an MBR, a FAT partition that the board's firmware and any laptop can read, an ext4 partition without a journal.
// Made of plain files by mtools and mke2fs: no loop device, no mount.
import {
	closeSync,
	cpSync,
	existsSync,
	ftruncateSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { makeInitrd } from "./initrd.mjs";
import { sh } from "./workshop.mjs";

const HERE = import.meta.dirname;
const MIB = 1 << 20;
const SECTOR = 512;

/** Cards are erased in blocks of up to 4 MiB. */
const FIRST_PARTITION_MIB = 4;
const SETTINGS_MIB = 128;

export const ROOT_UUID = "7a11e1e0-0002-4000-8000-74616c6c7977";
const DISK_ID = 0x54570001;

/** Firmware that a Pi 3, a Zero 2 W or a Pi 4 loads itself; what has cameras, codecs or a debugger in it is left out. */
const BOARD_FIRMWARE = ["bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat"];
const DEVICE_TREES = /^bcm(2837-rpi-(3|zero-2)|2711-rpi-(4|cm4)|2712.*-rpi-(5|cm5)).*\.dtb$/;

/** Fills `folder` with what stands on the FAT partition. */
export function makeSettings(folder, { kernel, boardPackage, tree }) {
	mkdirSync(folder);
	const unpacked = `${folder}.firmware`;
	sh("dpkg-deb", ["-x", boardPackage, unpacked]);
	for (const name of BOARD_FIRMWARE) cpSync(join(unpacked, "usr/lib/raspi-firmware", name), join(folder, name));
	cpSync(join(unpacked, "usr/share/doc/raspi-firmware/copyright"), join(folder, "LICENCE.broadcom"));
	rmSync(unpacked, { recursive: true });
	const { version } = kernel;
	const places = [`boot/vmlinuz-${version}`, `usr/lib/modules/${version}/vmlinuz`]; // before 7.x, and since
	const program = places.map((place) => join(kernel.folder, place)).find((path) => existsSync(path));
	cpSync(program, join(folder, "kernel.img"));
	for (const file of findDeviceTrees(kernel)) cpSync(file, join(folder, basename(file)));
	writeFileSync(join(folder, "initrd.gz"), makeInitrd(kernel.folder, version, join(tree, "usr/bin/busybox")));
	for (const name of readdirSync(join(HERE, "card"))) {
		const text = readFileSync(join(HERE, "card", name), "utf8");
		writeFileSync(join(folder, name), name === "config.txt" ? text : text.replaceAll("\n", "\r\n")); // for Windows' editor
	}
	mkdirSync(join(folder, "credentials"));
	writeFileSync(join(folder, "cmdline.txt"), `${commandLine("console=tty0")}\n`);
}

function findDeviceTrees({ folder, version }) {
	const places = [`usr/lib/linux-image-${version}/broadcom`, `usr/lib/modules/${version}/dtb/broadcom`];
	const files = places.flatMap((place) => {
		const entries = existsSync(join(folder, place)) ? readdirSync(join(folder, place)) : [];
		return entries.map((name) => join(folder, place, name));
	});
	const chosen = files.filter((file) => DEVICE_TREES.test(basename(file)));
	if (chosen.length < 4) throw new Error(`only ${chosen.length} device trees are in ${folder}`);
	return chosen;
}

/** The kernel's command line: a crash starts the board again; of the security modules only those that have a rule to keep here. */
export function commandLine(console) {
	return `${console} root=UUID=${ROOT_UUID} ro net.ifnames=0 panic=10 lsm=landlock,yama audit=0 quiet loglevel=4`;
}

/** Writes the whole card to `image`; gives the bytes of it. */
export function makeCard(image, settings, system, epochS) {
	const [fat, ext4] = [`${image}.fat`, `${image}.ext4`];
	makeFat(fat, settings);
	const rootMib = makeExt4(ext4, system, epochS);
	const rootStartMib = FIRST_PARTITION_MIB + SETTINGS_MIB;
	const fd = openSync(image, "w");
	ftruncateSync(fd, (rootStartMib + rootMib) * MIB);
	const table = bootRecord([
		{ type: 0x0c, startMib: FIRST_PARTITION_MIB, sizeMib: SETTINGS_MIB },
		{ type: 0x83, startMib: rootStartMib, sizeMib: rootMib },
	]);
	writeSync(fd, table, 0, SECTOR, 0);
	closeSync(fd);
	for (const [part, startMib] of [
		[fat, FIRST_PARTITION_MIB],
		[ext4, rootStartMib],
	]) {
		sh("dd", [`if=${part}`, `of=${image}`, "bs=1M", `seek=${startMib}`, "conv=notrunc,sparse", "status=none"]);
		rmSync(part);
	}
	return (rootStartMib + rootMib) * MIB;
}

/** An MBR: the boot ROM of a Pi 3 knows no other. */
export function bootRecord(partitions) {
	const record = Buffer.alloc(SECTOR);
	record.writeUInt32LE(DISK_ID, 440);
	partitions.forEach(({ type, startMib, sizeMib }, index) => {
		const at = 446 + 16 * index;
		record[at] = index === 0 ? 0x80 : 0;
		record.fill(0xff, at + 1, at + 4).fill(0xff, at + 5, at + 8); // cylinders and heads: "see the sectors"
		record[at + 4] = type;
		record.writeUInt32LE((startMib * MIB) / SECTOR, at + 8);
		record.writeUInt32LE((sizeMib * MIB) / SECTOR, at + 12);
	});
	record.writeUInt16LE(0xaa55, 510);
	return record;
}

function makeFat(file, folder) {
	rmSync(file, { force: true });
	sh("truncate", ["-s", `${SETTINGS_MIB}M`, file]);
	sh("mkfs.vfat", ["-F", "32", "-n", "TALLYWIRE", "--invariant", file]);
	const names = readdirSync(folder).sort();
	sh("mcopy", ["-s", "-m", "-i", file, ...names.map((name) => join(folder, name)), "::"]);
}

/** Just as large as it must be: it never grows, and no byte of it is ever written on the board. */
function makeExt4(file, folder, epochS) {
	rmSync(file, { force: true });
	const options = [
		...["-q", "-t", "ext4", "-O", "^has_journal,^resize_inode,^metadata_csum_seed", "-m", "0", "-b", "4096"],
		...[
			"-L",
			"tallywire",
			"-U",
			ROOT_UUID,
			"-E",
			`hash_seed=${ROOT_UUID},root_owner=0:0`,
			"-N",
			String(inodes(folder)),
		],
	];
	const mib = Math.ceil(bytesOf(folder) / MIB) + 8;
	const env = { ...process.env, E2FSPROGS_FAKE_TIME: String(epochS) };
	sh("mke2fs", [...options, "-d", folder, file, `${mib}M`], { env });
	return mib;
}

function inodes(folder) {
	return Number(sh("sh", ["-c", `find "$1" | wc -l`, "sh", folder]).toString()) + 64;
}

/** In blocks as ext4 lays them out, with the inodes. */
function bytesOf(folder) {
	const sum = sh("sh", [
		"-c",
		`find "$1" -printf '%s\\n' | awk '{ b += int(($1 + 4095) / 4096) * 4096 + 256 } END { printf "%d", b }'`,
		"sh",
		folder,
	]);
	return Number(sum.toString()) * 1.005;
}
