extension ChatTemplate {
  /// Forms of conversations that many models share, for those that come without a template. They say what is said and no more: no
  /// date, and no system message that the conversation does not have.
  public enum Family: String, Sendable, CaseIterable {
    /// `<|im_start|>role`, a line feed, the content, `<|im_end|>`, a line feed (Qwen 2, SmolLM 2).
    case chatml
    /// `[INST] question [/INST] answer`, each pair between the tokens of beginning and end; the system message in the first question.
    case llama2
    /// `<|start_header_id|>role<|end_header_id|>`, an empty line, the content, `<|eot_id|>`.
    case llama3
    /// `<|role|>`, a line feed, the content, the end-of-sequence token, a line feed (Zephyr, TinyLlama).
    case zephyr

    /// In the template language, for `tokenizer_config.json`.
    public var template: String {
      switch self {
      case .chatml:
        """
        {%- for turn in messages -%}
          {{ '<|im_start|>' ~ turn.role ~ '\\n' ~ turn.content ~ '<|im_end|>\\n' }}
        {%- endfor -%}
        {{ '<|im_start|>assistant\\n' if add_generation_prompt }}
        """
      case .llama2:
        """
        {%- set state = namespace(system='', asked=false) -%}
        {%- for turn in messages -%}
          {%- if turn.role == 'system' and loop.first -%}
            {%- set state.system = '<<SYS>>\\n' ~ turn.content ~ '\\n<</SYS>>\\n\\n' -%}
          {%- elif turn.role == 'user' and not state.asked -%}
            {{ bos_token ~ '[INST] ' ~ (state.system ~ turn.content) | trim ~ ' [/INST]' }}
            {%- set state.asked = true -%}
            {%- set state.system = '' -%}
          {%- elif turn.role == 'assistant' and state.asked -%}
            {{ ' ' ~ turn.content | trim ~ ' ' ~ eos_token }}
            {%- set state.asked = false -%}
          {%- else -%}
            {{ raise_exception('user and assistant must take turns, after at most one system message') }}
          {%- endif -%}
        {%- endfor -%}
        """
      case .llama3:
        """
        {{ bos_token }}
        {%- for turn in messages -%}
          {{ '<|start_header_id|>' ~ turn.role ~ '<|end_header_id|>\\n\\n' ~ turn.content | trim ~ '<|eot_id|>' }}
        {%- endfor -%}
        {{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' if add_generation_prompt }}
        """
      case .zephyr:
        """
        {%- for turn in messages -%}
          {{ '<|' ~ turn.role ~ '|>\\n' ~ turn.content ~ eos_token ~ '\\n' }}
        {%- endfor -%}
        {{ '<|assistant|>\\n' if add_generation_prompt }}
        """
      }
    }
  }
}
