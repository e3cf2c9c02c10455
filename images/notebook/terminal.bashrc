# Jupyter does not run in the workspace; terminals that are told no folder start there all the same.
[ "$PWD" = "$HOME/.notebook" ] && cd "$JUPYTER_SERVER_ROOT"
PS1='\[\e[1;34m\]\w\[\e[0m\] \$ '
alias ls='ls --color=auto'
[ -r ~/.bashrc ] && . ~/.bashrc
