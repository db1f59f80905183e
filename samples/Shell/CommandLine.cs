using System.Text;

/// <summary>One program of a pipeline: its words and redirections.</summary>
internal sealed record Command(List<string> Words, string? Input, string? Output, bool Appends, string? Errors, bool ErrorsToOutput);

/// <summary>Programs joined by pipes, in the foreground or not.</summary>
internal sealed record Pipeline(List<Command> Commands, bool IsBackground, string Text)
{
    /// <summary>Stands for <c>$?</c>, whose value is known only when the line runs.</summary>
    public const char Status = '\uE000';

    public Pipeline With(int status) =>
        this with
        {
            Commands =
            [
                .. Commands.Select(command =>
                    command with
                    {
                        Words = [.. command.Words.Select(word => word.Replace($"{Status}", $"{status}", StringComparison.Ordinal))],
                    }),
            ],
        };
}

/// <summary>Reads a line: words with quotes, <c>$NAME</c>, <c>$?</c>; <c>| &lt; &gt; &gt;&gt; 2&gt; 2&gt;&amp;1 &amp; ;</c>.</summary>
internal static class CommandLine
{
    private static readonly string[] Operators = ["2>&1", "2>", ">>", ">", "<", "|", "&", ";"];

    public static List<Pipeline> Parse(string line)
    {
        List<Pipeline> pipelines = [];
        List<Command> commands = [];
        Command command = Empty();
        Queue<(string Text, bool IsOperator)> tokens = new(Tokens(line));
        StringBuilder text = new();
        while (tokens.TryDequeue(out (string Text, bool IsOperator) token))
        {
            if (token is { IsOperator: true, Text: ";" or "&" })
            {
                End(token.Text == "&");
                continue;
            }

            text.Append(text.Length == 0 ? "" : " ").Append(token.Text);
            switch (token)
            {
                case (_, false):
                    command.Words.Add(token.Text);
                    break;
                case ("|", _):
                    commands.Add(command);
                    command = Empty();
                    break;
                case ("2>&1", _):
                    command = command with { ErrorsToOutput = true };
                    break;
                default:
                    if (!tokens.TryDequeue(out (string Text, bool IsOperator) file) || file.IsOperator)
                    {
                        throw new FormatException($"a file is missing behind {token.Text}");
                    }

                    text.Append(' ').Append(file.Text);
                    command = token.Text switch
                    {
                        "<" => command with { Input = file.Text },
                        "2>" => command with { Errors = file.Text },
                        _ => command with { Output = file.Text, Appends = token.Text == ">>" },
                    };
                    break;
            }
        }

        End(isBackground: false);
        return pipelines;

        void End(bool isBackground)
        {
            if (command.Words.Count > 0 || commands.Count > 0)
            {
                commands.Add(command);
                pipelines.Add(commands.TrueForAll(static one => one.Words.Count > 0)
                    ? new Pipeline(commands, isBackground, text.ToString())
                    : throw new FormatException("a command is missing beside |"));
            }

            commands = [];
            command = Empty();
            text.Clear();
        }
    }

    private static Command Empty() => new([], null, null, false, null, false);

    private static List<(string Text, bool IsOperator)> Tokens(string line)
    {
        List<(string Text, bool IsOperator)> tokens = [];
        StringBuilder word = new();
        bool isWord = false;
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '$' && quote != '\'')
            {
                int end = i + 1;
                while (end < line.Length && (char.IsAsciiLetterOrDigit(line[end]) || line[end] == '_'))
                {
                    end++;
                }

                bool isStatus = end == i + 1 && end < line.Length && line[end] == '?';
                string name = line[(i + 1)..end];
                word.Append(isStatus ? $"{Pipeline.Status}" : name.Length == 0 ? "$" : Environment.GetEnvironmentVariable(name));
                i = isStatus ? end : end - 1;
                isWord = true;
            }
            else if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
                word.Append(quote == '\0' ? "" : c);
            }
            else if (c is '\'' or '"')
            {
                quote = c;
                isWord = true;
            }
            else if (c == '\\' && i + 1 < line.Length)
            {
                word.Append(line[++i]);
                isWord = true;
            }
            else if (c == '#' && !isWord)
            {
                break;
            }
            else if (Operator(line[i..], isWord) is { } found)
            {
                EndWord();
                tokens.Add((found, true));
                i += found.Length - 1;
            }
            else if (char.IsWhiteSpace(c))
            {
                EndWord();
            }
            else
            {
                word.Append(c);
                isWord = true;
            }
        }

        if (quote != '\0')
        {
            throw new FormatException($"a {quote} is missing");
        }

        EndWord();
        return tokens;

        void EndWord()
        {
            if (isWord)
            {
                tokens.Add((word.ToString(), false));
                word.Clear();
                isWord = false;
            }
        }
    }

    private static string? Operator(string rest, bool isWord) =>
        Operators.FirstOrDefault(text => rest.StartsWith(text, StringComparison.Ordinal) && !(isWord && text[0] == '2'));
}
