# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# Completion of zonebox and zonegen for bash, loaded by bash-completion from a file of the command's name.

# _zonebox_words WORDS: those that begin with what stands before the cursor.
_zonebox_words()
{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_zonebox()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' i
    COMPREPLY=()
    case $before in
    -c | --config) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
    --control) mapfile -t COMPREPLY < <(compgen -d -- "$word") && return ;;
    --directory) mapfile -t COMPREPLY < <(compgen -d -- "$word") && return ;;
    --hostname | --forget) return ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        status | check | reload | flush | init | setup | import | tls-next | roll | retire | move) command=${COMP_WORDS[i]} && break ;;
        esac
    done
    case $command:$before in
    roll:--algorithm) _zonebox_words 'ecdsap256sha256 ed25519 rsasha256' "$word" && return ;;
    *:--algorithm) _zonebox_words 'ecdsa rsa' "$word" && return ;;
    esac
    case $command:$word in
    status:-*) _zonebox_words '--all --json --config --control' "$word" ;;
    check:-*) _zonebox_words '--all --quiet --json --config' "$word" ;;
    import:-*) _zonebox_words '--dry-run --config --control' "$word" ;;
    import:*) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    tls-next:-*) _zonebox_words '--algorithm --directory --forget --force --config --control' "$word" ;;
    roll:-*) _zonebox_words '--ksk --zsk --algorithm --compromised --dry-run --yes --config --control' "$word" ;;
    retire:-* | move:-*) _zonebox_words '--undo --dry-run --yes --config --control' "$word" ;;
    init:-*) _zonebox_words '--hostname --config' "$word" ;;
    *:-*) _zonebox_words '--config --control --help --version' "$word" ;;
    setup:*) _zonebox_words 'opendkim postfix resolv.conf rspamd ssh' "$word" ;;
    :*) _zonebox_words 'status check reload flush init setup import tls-next roll retire move' "$word" ;;
    esac
}

_zonegen()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $before in
    -c | --config) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --style) _zonebox_words 'zone paste' "$word" ;;
    --help-config) _zonebox_words "$(zonegen --help-config 2>/dev/null | cut -d' ' -f1)" "$word" ;;
    *) [[ $word != -* ]] || _zonebox_words '--dump --style --signed --ds --diff --check --help-config --schema --json --config --help --version' "$word" ;;
    esac
}

complete -o filenames -F _zonebox zonebox
complete -F _zonegen zonegen
