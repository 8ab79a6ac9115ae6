import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkTable, type Row } from "./check-table.js";

const test = suite("nmea");

/** A sentence with its checksum. */
function sentence(body: string, start = "$"): string {
	let sum = 0;
	for (let index = 0; index < body.length; index += 1) sum ^= body.charCodeAt(index);
	return `${start}${body}*${sum.toString(16).toUpperCase().padStart(2, "0")}`;
}

test("reads the sentences of a receiver as published", () => {
	checkTable({ as: "nmea" }, [
		[
			"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47",
			[
				["lat", 48.1173],
				["lon", 11.5166667],
				["fix", 1],
				["satellites", 8],
				["hdop", 0.9],
				["altitude_m", 545.4],
				["geoid_m", 46.9],
			],
		],
		[
			"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A",
			[
				["lat", 48.1173],
				["lon", 11.5166667],
				["speed_kn", 22.4],
				["course_deg", 84.4],
			],
		],
		[
			"$GPGLL,4916.45,N,12311.12,W,225444,A,*1D",
			[
				["lat", 49.2741667],
				["lon", -123.1853333],
			],
		],
		[
			"$GPVTG,054.7,T,034.4,M,005.5,N,010.2,K*48",
			[
				["course_deg", 54.7],
				["course_magnetic_deg", 34.4],
				["speed_kn", 5.5],
				["speed_kmh", 10.2],
			],
		],
		[
			"$GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1*39",
			[
				["fix_mode", 3],
				["pdop", 2.5],
				["hdop", 1.3],
				["vdop", 2.1],
			],
		],
	]);
});

test("reads wind, water, depth and heading, whoever talks", () => {
	const rows: readonly (readonly [string, Row[1]])[] = [
		["HEHDT,274.07,T", [["heading_deg", 274.07]]],
		["HCHDM,238.5,M", [["heading_magnetic_deg", 238.5]]],
		["HCHDG,98.3,0.0,E,12.6,W", [["heading_magnetic_deg", 98.3]]],
		[
			"WIMWV,214.8,R,0.1,K,A",
			[
				["wind_relative_deg", 214.8],
				["wind_relative_kmh", 0.1],
			],
		],
		[
			"WIMWV,12,T,5.5,N,A",
			[
				["wind_true_deg", 12],
				["wind_true_kn", 5.5],
			],
		],
		[
			"WIMWD,10,T,12,M,5,N,2.6,M",
			[
				["wind_direction_deg", 10],
				["wind_direction_magnetic_deg", 12],
				["wind_speed_kn", 5],
				["wind_speed_ms", 2.6],
			],
		],
		["SDDBT,7.8,f,2.4,M,1.3,F", [["depth_m", 2.4]]],
		[
			"SDDPT,2.4,-0.5",
			[
				["depth_m", 2.4],
				["depth_offset_m", -0.5],
			],
		],
		["YXMTW,17.75,C", [["water_temperature_c", 17.75]]],
		[
			"VWVHW,,T,20,M,5.5,N,10.2,K",
			[
				["heading_magnetic_deg", 20],
				["water_speed_kn", 5.5],
				["water_speed_kmh", 10.2],
			],
		],
		[
			"IIXDR,C,19.52,C,TempAir,P,1.02481,B,Barometer",
			[
				["xdr.TempAir", 19.52],
				["xdr.Barometer", 1.02481],
			],
		],
		["IIXDR,C,19.52,C,", [["xdr.C", 19.52]]],
		[
			"GNGNS,014035.00,4332.69262,S,17235.48549,E,RR,13,0.9,25.63,11.24,,",
			[
				["lat", -43.544877],
				["lon", 172.5914248],
				["satellites", 13],
				["hdop", 0.9],
				["altitude_m", 25.63],
				["geoid_m", 11.24],
			],
		],
	];
	checkTable(
		{ as: "nmea" },
		rows.map(([body, readings]) => [sentence(body), readings]),
	);
});

test("without a fix gives only what still holds", () => {
	checkTable({ as: "nmea" }, [
		[
			sentence("GPGGA,123519,4807.038,N,01131.000,E,0,00,99.9,,M,,M,,"),
			[
				["fix", 0],
				["satellites", 0],
			],
		],
		[sentence("GPGSA,A,1,,,,,,,,,,,,,99.9,99.9,99.9"), [["fix_mode", 1]]],
		[sentence("GPRMC,123519,V,4807.038,N,01131.000,E,1,2,230394,,"), [], ["empty"]],
		[sentence("GPRMC,,V,,,,,,,,,,N"), [], ["empty"]],
		[sentence("GPVTG,,,,,,,,,N"), [], ["empty"]],
	]);
});

test("rejects a wrong or missing checksum, and what is no sentence", () => {
	checkTable({ as: "nmea" }, [
		["$GPGLL,4916.45,N,12311.12,W,225444,A,*1E", [], ["checksum"]],
		["$GPGLL,4917.45,N,12311.12,W,225444,A,*1D", [], ["checksum"]],
		["$GPGLL,4916.45,N,12311.12,W,225444,A,", [], ["checksum"]],
		["$GPGLL,4916.45,N,12311.12,W,225444,A,*1", [], ["checksum"]],
		["$GPGLL,4916.45,N,12311.12,W,225444,A,*ZZ", [], ["checksum"]],
		["$", [], ["checksum"]],
		["GPGLL,4916.45,N", [], ["syntax"]],
		["boot ok", [], ["syntax"]],
		["$é*00", [], ["checksum"]],
	]);
});

test("counts what it does not know as unsupported", () => {
	checkTable({ as: "nmea" }, [
		[sentence("GPZDA,201530.00,04,07,2002,00,00"), [], ["unsupported"]],
		[sentence("GPGSV,1,1,01,01,40,083,46"), [], ["unsupported"]],
		[sentence("PGRME,15.0,M,45.0,M,25.0,M"), [], ["unsupported"]],
		[sentence("AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0", "!"), [], ["unsupported"]],
		[sentence(""), [], ["unsupported"]],
		[sentence("GPconstructor,1"), [], ["unsupported"]],
	]);
});

test("counts each value that cannot be", () => {
	checkTable({ as: "nmea" }, [
		[sentence("HEHDT,abc,T"), [], ["value"]],
		[sentence("HEHDT,nan,T"), [], ["value"]],
		[sentence("GPGLL,9916.45,N,12311.12,W,225444,A,"), [["lon", -123.1853333]], ["value"]],
		[sentence("GPGLL,4960.00,N,12311.12,X,225444,A,"), [], ["value"]],
		[sentence("GPGLL,4916.45,,12311.12,W,225444,A,"), [["lon", -123.1853333]], ["value"]],
		[sentence("WIMWV,12,Q,5.5,N,A"), [], ["value"]],
		[sentence("WIMWV,12,T,5.5,constructor,A"), [["wind_true_deg", 12]], ["value"]],
		[sentence("HEHDT,-0,T"), [["heading_deg", 0]]],
		[
			sentence("GPGLL,0000.00,S,00000.00,W,225444,A,"),
			[
				["lat", 0],
				["lon", 0],
			],
		],
	]);
});

test("positions are short decimals", () => {
	for (let minutes = 0; minutes < 60; minutes += 1) {
		const text = `12${String(minutes).padStart(2, "0")}.12345`;
		const degrees = Math.round((12 + (minutes + 0.12345) / 60) * 1e7) / 1e7;
		assert.ok(String(degrees).length <= 10);
		checkTable({ as: "nmea" }, [[sentence(`GPGLL,${text},N,,,225444,A,`), [["lat", degrees]]]]);
	}
});

test.run();
