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
		mapfile -t COMPREPLY < <(compgen -W 'predict ood info data help --help --version' -- "$cur")
		return
	fi
	case $command in
	help)
		((COMP_CWORD == 2)) && words='predict ood info data' || option=-- ;;
	predict)
		options='--data --split --curve --save-probs --save-member-probs --probs --labels --chain --role --from-step --to-step --last --skip-damaged --batch --device --threads --precision --json --quiet --progress --config --dump-config --help --version'
		case $option in
		--split) words='train test holdout' ;;
		--curve) option= ;;
		--save-probs) files=yes ;;
		--save-member-probs) files=yes ;;
		--probs) files=yes ;;
		--labels) files=yes ;;
		--skip-damaged) option= ;;
		--device) words='cpu cuda' ;;
		--precision) words='fp32' ;;
		--json) option= ;;
		--quiet) option= ;;
		--progress) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	ood)
		options='--ood --id --split --score --ood-normalize --save-scores --id-probs --ood-probs --chain --role --from-step --to-step --last --skip-damaged --batch --device --threads --precision --json --quiet --progress --config --dump-config --help --version'
		case $option in
		--split) words='train test holdout' ;;
		--score) words='entropy mi msp max-logit energy' ;;
		--ood-normalize) words='id' ;;
		--save-scores) files=yes ;;
		--id-probs) files=yes ;;
		--ood-probs) files=yes ;;
		--skip-damaged) option= ;;
		--device) words='cpu cuda' ;;
		--precision) words='fp32' ;;
		--json) option= ;;
		--quiet) option= ;;
		--progress) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	info)
		options='--tensors --verify --json --config --dump-config --help --version'
		case $option in
		--tensors) option= ;;
		--verify) option= ;;
		--json) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	data)
		options='--split --labels --holdout --target --format --out --json --config --dump-config --help --version'
		case $option in
		--split) words='train test holdout' ;;
		--labels) files=yes ;;
		--format) words='cifar10 svhn' ;;
		--out) files=yes ;;
		--json) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
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
