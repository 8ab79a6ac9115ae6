// The completion for bash, from what the commands say of their options.

/** Values that are files, by the name that the help gives them. */
const FILE_VALUE = "FILE";

/** The script as bash-completion loads it; it needs nothing of that package. */
export function bashCompletion({ commands }) {
	const cases = commands.map(({ name, options }) => {
		const words = options.flatMap(({ short, long }) =>
			short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`],
		);
		return `\t${name}) words="${words.join(" ")}" ;;`;
	});
	const all = commands.flatMap(({ options }) => options);
	const taking = (test) => [...new Set(all.filter(test).flatMap(flags))].sort().join(" | ");
	return `# bash completion for tallywire, made from its --help.
_tallywire() {
	local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} words
	COMPREPLY=()
	case $before in
	${taking(({ value }) => value === FILE_VALUE)})
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	${taking(({ value }) => value !== undefined && value !== FILE_VALUE)}) return ;;
	esac
	case \${COMP_WORDS[1]} in
${cases.join("\n")}
	*) words="" ;;
	esac
	((COMP_CWORD == 1)) && words="${commands.map(({ name }) => name).join(" ")} --help --version"
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _tallywire tallywire
`;
}

function flags({ short, long }) {
	return short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`];
}
