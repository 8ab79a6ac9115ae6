// Bytes in order, as the pieces in which they came: written at one end, taken at the other, cut anywhere.

export interface ByteQueue {
	length(): number;
	push(bytes: Uint8Array): void;
	/** Takes up to `length` bytes off the front, one piece at a time. */
	take(length: number, each: (piece: Uint8Array) => void): void;
	clear(): void;
}

/** Makes an empty queue. It keeps the pieces it is given: whoever wrote them must not write into them again. */
export function createByteQueue(): ByteQueue {
	const pieces: Uint8Array[] = [];
	let head = 0;
	let offset = 0;
	let length = 0;
	return {
		length: () => length,
		push(bytes) {
			if (bytes.length === 0) return;
			pieces.push(bytes);
			length += bytes.length;
		},
		take(wanted, each) {
			let left = Math.min(wanted, length);
			length -= left;
			// Whoever gets a piece may clear the queue.
			while (left > 0 && head < pieces.length) {
				const piece = pieces[head] as Uint8Array;
				const end = Math.min(piece.length, offset + left);
				const part = offset === 0 && end === piece.length ? piece : piece.subarray(offset, end);
				left -= end - offset;
				offset = end;
				if (offset === piece.length) {
					head += 1;
					offset = 0;
				}
				each(part);
			}
			if (head > 64 || head === pieces.length) {
				pieces.splice(0, head);
				head = 0;
			}
		},
		clear() {
			pieces.length = 0;
			head = 0;
			offset = 0;
			length = 0;
		},
	};
}
