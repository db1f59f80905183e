using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text;
using Fairlead.Cli.Commands;

namespace Fairlead.Cli.Input;

/// <summary>The arguments for what to send: a text, the lines of stdin, or a file; and how often, or how many of them.</summary>
internal sealed class PayloadArguments
{
    private readonly Argument<string?> _text;
    private readonly Option<string?> _file = new("--file")
    {
        Description = "Send the content of a file, as one message",
        HelpName = "PATH",
    };
    private readonly Option<long?> _count;

    private PayloadArguments(string what)
    {
        _text = new Argument<string?>("TEXT")
        {
            Description = $"The {what}; - reads one from each line of stdin",
            Arity = ArgumentArity.ZeroOrOne,
        };
        _count = NewOption.Count("Send a text or file this many times; from stdin, send this many lines");
    }

    /// <summary>Adds the argument and options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="what">The word for one of them: message, request.</param>
    /// <param name="repeats">Whether one can be sent many times.</param>
    public static PayloadArguments AddTo(ToolCommand command, string what, bool repeats = true)
    {
        var arguments = new PayloadArguments(what);
        command.Add(arguments._text);
        command.Add(arguments._file);
        if (repeats)
        {
            command.Add(arguments._count);
        }

        return arguments;
    }

    /// <summary>Returns whether stdin is read.</summary>
    public bool ReadsStdin(ParseResult parsed) => parsed.GetValue(_text) == "-";

    /// <summary>Returns all of them in order, each valid until the next one is requested.</summary>
    /// <exception cref="ToolException">Usage: none is given, or two.</exception>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (text, file) = (parsed.GetValue(_text), parsed.GetValue(_file));
        var count = parsed.GetValue(_count);
        return (text, file) switch
        {
            (null, null) => throw ToolException.Usage("an argument is missing: TEXT, - for the lines of stdin, or --file PATH"),
            (not null, not null) => throw ToolException.Usage("use either TEXT or --file PATH, not both"),
            ("-", _) => LinesAsync(count ?? long.MaxValue, cancellationToken),
            (not null, _) => RepeatAsync(Encoding.UTF8.GetBytes(text), count ?? 1),
            _ => RepeatAsync(File.ReadAllBytes(file!), count ?? 1),
        };
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync(
        long count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = new LineReader();
        for (; count > 0 && await reader.ReadAsync(cancellationToken) is { } line; count--)
        {
            yield return line;
        }
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> RepeatAsync(byte[] payload, long count)
    {
        for (; count > 0; count--)
        {
            yield return payload;
        }

        await Task.CompletedTask;
    }
}
