# Completion of c2l for bash. Options are taken from the program's own help, so they cannot go out of date.
_c2l ()
{
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
  local commands="generate history morph score info models download import export dataset train evaluate selftest bench version help"

  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "$commands" -- "$word"))
    return
  fi
  if [ "$command" = help ]; then
    [ "$COMP_CWORD" -ne 2 ] || COMPREPLY=($(compgen -W "$commands" -- "$word"))
    return
  fi
  case $before in
    --sampler) COMPREPLY=($(compgen -W "reference ddpm ddim dpm++2m" -- "$word")); return ;;
    --precision) COMPREPLY=($(compgen -W "f32 fast bf16 fp16" -- "$word")); return ;;
    --device)
      COMPREPLY=($(compgen -W "$(c2l info --devices --json 2>/dev/null | grep -v '"obstacle"' | sed -n 's/.*"device" *: *"\([^"]*\)".*/\1/p') \
cpu:avx512bf16 cpu:avx512 cpu:avx2 cpu:portable" -- "$word"))
      return ;;
    --sort) COMPREPLY=($(compgen -W "score" -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W "png jpeg webp" -- "$word")); return ;;
    --noise) COMPREPLY=($(compgen -W "random const none" -- "$word")); return ;;
    --space) COMPREPLY=($(compgen -W "w w3" -- "$word")); return ;;
    --preprocess) COMPREPLY=($(compgen -W "reference openai openai-clamped" -- "$word")); return ;;
    --case|-c) COMPREPLY=($(compgen -W "sg2-1024 sg2-1024-batch sg3-256 headline prior clip dataset" -- "$word")); return ;;
    --size) COMPREPLY=($(compgen -W "published starter" -- "$word")); return ;;
  esac
  if [ "$command" = train ] && [[ $word != -* ]]; then
    compopt -o nospace
    COMPREPLY=($(compgen -W "model=small model=mid model=starter data=starter data=sg2-ffhq data=sg2-ffhq-w3 data=sg2-encoded-ffhq data=sg3-lhq \
train. model. resume= name= device=" -- "$word"))
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$(c2l "$command" --help 2>/dev/null | grep -oE '(^|[ ,])--[a-z-]+' | tr -d ' ,')" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _c2l c2l
