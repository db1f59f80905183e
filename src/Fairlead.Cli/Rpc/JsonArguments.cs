using System.Text.Json;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Marshals the arguments of a call from JSON: an object by the names of the parameters, or an array by their order.</summary>
internal static class JsonArguments
{
    // Deeper than a value of a contract may be: that error names the place.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 512 };

    /// <summary>Parses JSON.</summary>
    /// <exception cref="ToolException">Usage: it is not JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text, Options);
        }
        catch (JsonException wrong)
        {
            throw ToolException.Usage($"the arguments are not JSON: {wrong.Message}");
        }
    }

    /// <summary>Writes the arguments in the order of the parameters.</summary>
    /// <param name="writer">Gets the bytes.</param>
    /// <param name="member">The member.</param>
    /// <param name="json">The arguments; null: none are given.</param>
    /// <exception cref="ToolException">Usage: they do not fit the parameters.</exception>
    public static void Write(ref RpcWriter writer, MemberCall member, JsonElement? json)
    {
        IReadOnlyList<Shape> wanted = member.Shape.Parameters;
        JsonToWire values = new();
        switch (json?.ValueKind)
        {
            case null:
                for (int i = 0; i < wanted.Count; i++)
                {
                    WriteMissing(ref writer, member, i, values);
                }

                break;
            case JsonValueKind.Array:
                WriteByPosition(ref writer, member, json.Value, values);
                break;
            case JsonValueKind.Object:
                WriteByName(ref writer, member, json.Value, values);
                break;
            default:
                throw ToolException.Usage(
                    $"the arguments are an object by the names of the parameters, or an array, and not {JsonToWire.Cut(json.Value)}. "
                        + Form(member));
        }
    }

    private static void WriteByPosition(ref RpcWriter writer, MemberCall member, JsonElement json, JsonToWire values)
    {
        IReadOnlyList<Shape> wanted = member.Shape.Parameters;
        int given = json.GetArrayLength();
        if (given > wanted.Count)
        {
            throw ToolException.Usage($"{given} arguments are too many. {Form(member)}");
        }

        for (int i = 0; i < wanted.Count; i++)
        {
            if (i >= given)
            {
                WriteMissing(ref writer, member, i, values);
                continue;
            }

            values.Path.Enter(i);
            values.Write(ref writer, wanted[i], json[i]);
            values.Path.Leave();
        }
    }

    private static void WriteByName(ref RpcWriter writer, MemberCall member, JsonElement json, JsonToWire values)
    {
        IReadOnlyList<Shape> wanted = member.Shape.Parameters;
        if (member.Parameters is not { } named)
        {
            throw ToolException.Usage(
                $"the description does not tell the names of the parameters of {member.Member.Name}: pass an array. {Form(member)}");
        }

        JsonElement?[] given = values.Sort(json, [.. named.Select(static one => one.Name)], $"a parameter of {member.Member.Name}");
        for (int i = 0; i < wanted.Count; i++)
        {
            if (given[i] is { } value)
            {
                values.Path.Enter(named[i].Name);
                values.Write(ref writer, wanted[i], value);
                values.Path.Leave();
            }
            else
            {
                WriteMissing(ref writer, member, i, values);
            }
        }
    }

    // An argument that is not given: null, or the default of the declaration where that is also JSON.
    private static void WriteMissing(ref RpcWriter writer, MemberCall member, int at, JsonToWire values)
    {
        Shape wanted = member.Shape.Parameters[at];
        string? declared = member.Parameters?[at].Default;
        if (wanted is OptionalShape or SimpleShape { Name: "text?" } && declared is null or "null" or "default")
        {
            declared = "null";
        }

        if (declared is not null && TryParse(declared) is { } document)
        {
            using (document)
            {
                values.Path.Enter(member.Parameters?[at].Name ?? "");
                values.Write(ref writer, wanted, document.RootElement);
                values.Path.Leave();
            }

            return;
        }

        string name = member.Parameters?[at].Name is { } known ? $"'{known}'" : $"{at + 1}";
        throw ToolException.Usage($"the argument {name} is missing, {wanted.Words}. {Form(member)}");
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
