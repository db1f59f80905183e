using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>The arguments of a call in JSON: an object by the names of the parameters, or an array by their order.</summary>
internal sealed class JsonArguments
{
    // Deeper than a value of a contract may be: that error names the place.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 512 };

    private const string Convert = "Convert the text to UTF-8, for example with iconv";

    private readonly MemberCall _member;
    private readonly JsonElement?[] _given;

    private JsonArguments(MemberCall member, JsonElement?[] given) => (_member, _given) = (member, given);

    /// <summary>Parses JSON.</summary>
    /// <exception cref="ToolException">Usage: it is not JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> text)
    {
        text = WithoutMark(text);
        if (InvalidByte(text.Span) is { } place)
        {
            throw ToolException.Usage($"the arguments are not valid UTF-8: byte {place + 1} is 0x{text.Span[place]:X2}. {Convert}");
        }

        try
        {
            return JsonDocument.Parse(text, Options);
        }
        catch (JsonException wrong)
        {
            throw ToolException.Usage($"the arguments are not JSON: {wrong.Message}");
        }
    }

    /// <summary>Parses a line of stdin.</summary>
    /// <param name="line">The line.</param>
    /// <param name="number">Its number.</param>
    /// <exception cref="ToolException">Usage: it is not JSON.</exception>
    public static JsonDocument ParseLine(ReadOnlyMemory<byte> line, long number)
    {
        line = number == 1 ? WithoutMark(line) : line;
        if (InvalidByte(line.Span) is { } place)
        {
            throw ToolException.Usage($"line {number} of stdin is not valid UTF-8: byte {place + 1} is 0x{line.Span[place]:X2}. {Convert}");
        }

        try
        {
            return JsonDocument.Parse(line, Options);
        }
        catch (JsonException wrong)
        {
            // Behind the reason, the message counts lines, too: those of this text.
            string reason = wrong.Message.Split(" LineNumber:")[0];
            throw ToolException.Usage($"line {number} of stdin is not JSON, at byte {wrong.BytePositionInLine + 1}: {reason}");
        }
    }

    /// <summary>Tells which argument belongs to which parameter.</summary>
    /// <param name="member">The member.</param>
    /// <param name="json">The arguments; null: none are given.</param>
    /// <exception cref="ToolException">Usage: there is no such parameter.</exception>
    public static JsonArguments Of(MemberCall member, JsonElement? json) => json?.ValueKind switch
    {
        null => new JsonArguments(member, new JsonElement?[member.Shape.Parameters.Count]),
        JsonValueKind.Array => new JsonArguments(member, ByPosition(member, json.Value)),
        JsonValueKind.Object => new JsonArguments(member, ByName(member, json.Value)),
        _ => throw ToolException.Usage(
            $"the arguments are an object by the names of the parameters, or an array, and not {JsonToWire.Cut(json.Value)}. "
                + Form(member)),
    };

    /// <summary>The argument of a parameter; null: it is not given.</summary>
    public JsonElement? At(int parameter) => _given[parameter];

    /// <summary>Writes the argument of a parameter that is a value: the given one, or the default.</summary>
    /// <exception cref="ToolException">Usage: it does not fit, or is missing.</exception>
    public void Write(ref RpcWriter writer, int parameter)
    {
        JsonToWire values = new();
        values.Path.Enter(_member, parameter);
        if (_given[parameter] is { } value)
        {
            values.Write(ref writer, _member.Shape.Parameters[parameter], value);
        }
        else
        {
            WriteMissing(ref writer, parameter, values);
        }
    }

    private static JsonElement?[] ByPosition(MemberCall member, JsonElement json)
    {
        int given = json.GetArrayLength();
        if (given > member.Shape.Parameters.Count)
        {
            throw ToolException.Usage($"{given} arguments are too many. {Form(member)}");
        }

        JsonElement?[] arguments = new JsonElement?[member.Shape.Parameters.Count];
        for (int i = 0; i < given; i++)
        {
            arguments[i] = json[i];
        }

        return arguments;
    }

    private static JsonElement?[] ByName(MemberCall member, JsonElement json) => member.Parameters is { } named
        ? new JsonToWire().Sort(json, [.. named.Select(static one => one.Name)], $"a parameter of {member.Member.Name}")
        : throw ToolException.Usage(
            $"the description lacks the names of the parameters of {member.Member.Name}: pass an array. {Form(member)}");

    // An argument that is not given: null, or the default of the declaration where that is also JSON.
    private void WriteMissing(ref RpcWriter writer, int at, JsonToWire values)
    {
        Shape wanted = _member.Shape.Parameters[at];
        string? declared = _member.Parameters?[at].Default;
        if (wanted is OptionalShape or SimpleShape { Name: "text?" } && declared is null or "null" or "default")
        {
            declared = "null";
        }
        else if (declared is not null && wanted is EnumShape or OptionalShape { Inner: EnumShape })
        {
            declared = NamesOf(declared);
        }

        if (declared is not null && TryParse(declared) is { } document)
        {
            using (document)
            {
                values.Write(ref writer, wanted, document.RootElement);
            }

            return;
        }

        throw ToolException.Usage($"the argument {_member.NameOf(at)} is missing, {wanted.Words}. {Form(_member)}");
    }

    // Grade.Fine, Access.Read | Access.Write, or (Grade)5
    private static string NamesOf(string literal) => literal == "default" ? "0"
        : literal.StartsWith('(') ? literal[(literal.IndexOf(')') + 1)..]
        : $"\"{string.Join(',', literal.Split('|').Select(static one => one[(one.LastIndexOf('.') + 1)..].Trim()))}\"";

    /// <summary>Returns a text without the byte order mark that some editors write before it.</summary>
    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> text) =>
        text.Span.StartsWith("\uFEFF"u8) ? text["\uFEFF"u8.Length..] : text;

    /// <summary>Returns the index of the first byte that is not UTF-8, or null. The parser does not look into texts.</summary>
    private static int? InvalidByte(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            return null;
        }

        var place = 0;
        while (Rune.DecodeFromUtf8(text[place..], out _, out var length) == OperationStatus.Done)
        {
            place += length;
        }

        return place;
    }

    private static JsonDocument? TryParse(string literal)
    {
        try
        {
            return JsonDocument.Parse(literal);
        }
        catch (JsonException)
        {
            // A default of C# that is not JSON.
            return null;
        }
    }

    // How the arguments are written.
    private static string Form(MemberCall member)
    {
        int count = member.Shape.Parameters.Count;
        string form = count == 0 ? "without arguments"
            : member.Parameters is { } named ? $"with {{{string.Join(",", named.Select(static one => $"\"{one.Name}\":…"))}}}"
            : $"with [{string.Join(",", Enumerable.Repeat("…", count))}]";
        return $"It is called {form}: {member.Member.Declaration}";
    }
}
