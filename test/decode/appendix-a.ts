// The examples of RFC 8949, appendix A, by what they are. Each is put into every position of a frame.

export type ItemClass =
	| "uint"
	| "negative"
	| "huge"
	| "huge-negative"
	| "float"
	| "not-finite"
	| "boolean"
	| "null"
	| "undefined"
	| "simple"
	| "tag"
	| "bytes"
	| "text"
	| "array"
	| "map"
	| "indefinite"
	/** A definite array with something indefinite in it. */
	| "array-of-indefinite";

/** Hexadecimal digits by class. */
export const APPENDIX_A: Readonly<Record<ItemClass, readonly string[]>> = {
	uint: ["00", "01", "0a", "17", "1818", "1819", "1864", "1903e8", "1a000f4240", "1b000000e8d4a51000"],
	negative: ["20", "29", "3863", "3903e7"],
	huge: ["1bffffffffffffffff"],
	"huge-negative": ["3bffffffffffffffff"],
	float: [
		...["f90000", "f98000", "f93c00", "fb3ff199999999999a", "f93e00", "f97bff", "fa47c35000", "fa7f7fffff"],
		...["fb7e37e43c8800759c", "f90001", "f90400", "f9c400", "fbc010666666666666"],
	],
	"not-finite": [
		...["f97c00", "f97e00", "f9fc00", "fa7f800000", "fa7fc00000", "faff800000"],
		...["fb7ff0000000000000", "fb7ff8000000000000", "fbfff0000000000000"],
	],
	boolean: ["f4", "f5"],
	null: ["f6"],
	undefined: ["f7"],
	simple: ["f0", "f8ff"],
	tag: [
		...["c249010000000000000000", "c349010000000000000000", "c074323031332d30332d32315432303a30343a30305a"],
		...["c11a514b67b0", "c1fb41d452d9e2000000", "d74401020304", "d818456449455446"],
		"d82076687474703a2f2f7777772e6578616d706c652e636f6d",
	],
	bytes: ["40", "4401020304"],
	text: ["60", "6161", "6449455446", "62225c", "62c3bc", "63e6b0b4", "64f0908591"],
	array: [
		...["80", "83010203", "8301820203820405", "826161a161626163"],
		"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
	],
	map: ["a0", "a201020304", "a26161016162820203", "a56161614161626142616361436164614461656145"],
	indefinite: [
		...["5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff", "9f01820203820405ff"],
		...["9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", "bf61610161629f0203ffff"],
		"bf6346756ef563416d7421ff",
	],
	"array-of-indefinite": ["83018202039f0405ff", "83019f0203ff820405", "826161bf61626163ff"],
};
