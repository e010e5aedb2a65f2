# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for basin. Made from the option tables by `make update-docs`: edit those.
_basin()
{
	local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}
	local command=${COMP_WORDS[1]} options= words= files=
	COMPREPLY=()
	if [[ $cur == = ]]; then
		cur=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W ' help --help --version' -- "$cur")
		return
	fi
	case $command in
	help)
		((COMP_CWORD == 2)) && words='' || option=-- ;;
	esac
	if [[ $words ]]; then
		:
	elif [[ $cur == -* ]]; then
		words=$options
	elif [[ $files || $option != --* ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _basin basin
