using System.Text;
using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Writes a contract as C#: the interface, and below it the types that its members name, as the shapes tell them.</summary>
internal sealed class CSharpOutline
{
    private static readonly Dictionary<string, string> Keywords = new(StringComparer.Ordinal)
    {
        ["bool"] = "bool",
        ["u8"] = "byte",
        ["i8"] = "sbyte",
        ["u16"] = "ushort",
        ["i16"] = "short",
        ["u32"] = "uint",
        ["i32"] = "int",
        ["u64"] = "ulong",
        ["i64"] = "long",
        ["u128"] = "UInt128",
        ["i128"] = "Int128",
        ["char"] = "char",
        ["f16"] = "Half",
        ["f32"] = "float",
        ["f64"] = "double",
        ["decimal"] = "decimal",
        ["integer"] = "BigInteger",
        ["text"] = "string",
        ["text?"] = "string?",
        ["guid"] = "Guid",
        ["time"] = "DateTime",
        ["time+offset"] = "DateTimeOffset",
        ["date"] = "DateOnly",
        ["time-of-day"] = "TimeOnly",
        ["span"] = "TimeSpan",
        ["bytes"] = "byte[]",
    };

    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);

    /// <summary>Returns the contract as C#, in lines without control characters of another program.</summary>
    public static string Of(RpcDescription contract)
    {
        CSharpOutline outline = new();
        StringBuilder text = new();
        text.Append("public interface ").Append(VisibleText.OneLine(LastOf(contract.Name))).Append("\n{\n");
        foreach (RpcMember member in contract.Members)
        {
            text.Append("    ").Append(VisibleText.OneLine(Declaration(member))).Append('\n');
            outline.Collect(member);
        }

        text.Append("}\n");
        foreach (string type in outline._types.Values)
        {
            text.Append('\n').Append(VisibleText.OneLine(type)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>A member with its attributes.</summary>
    public static string Declaration(RpcMember member) =>
        ((member.Kinds & RpcMemberKinds.OneWay) != 0 ? "[OneWay] " : "")
        + ((member.Kinds & RpcMemberKinds.Idempotent) != 0 ? "[Idempotent] " : "")
        + member.Declaration;

    private void Collect(RpcMember member)
    {
        MemberShape shape;
        try
        {
            shape = ShapeParser.ParseMember(member.Shape);
        }
        catch (ToolException unreadable)
        {
            // The interface is shown all the same.
            _types.TryAdd($"// {member.Name}", $"// {member.Name}: {unreadable.Message}");
            return;
        }

        if (Rpc.Declaration.Parse(member.Declaration, member.Name) is not { } declared)
        {
            return;
        }

        foreach ((DeclaredParameter parameter, Shape form) in declared.Parameters.Zip(shape.Parameters))
        {
            Collect(TypeText.Parse(parameter.Type), form);
        }

        if (shape.Result is { } result && TypeText.Parse(declared.Result) is { } type)
        {
            Collect(type is { Name: "Task" or "ValueTask", Arguments: [var awaited] } ? awaited : type, result);
        }
    }

    // Walks a type and its shape side by side, and takes down each type that is neither built in nor a collection.
    private void Collect(TypeText? type, Shape shape)
    {
        if (type is null)
        {
            return;
        }

        switch (shape)
        {
            case OptionalShape optional when type.Suffix.EndsWith('?'):
                Collect(type.Without("?"), optional.Inner);
                break;
            case ListShape list when type.Suffix.EndsWith("[]", StringComparison.Ordinal):
                Collect(type.Without("[]"), list.Element);
                break;
            case ListShape list when type.Arguments is [var element]:
                Collect(element, list.Element);
                break;
            case StreamShape stream when type.Arguments is [var element]:
                Collect(element, stream.Element);
                break;
            case MapShape map when type.Arguments is [var key, var value]:
                Collect(key, map.Key);
                Collect(value, map.Value);
                break;
            case TupleShape tuple when type.Name.Length == 0 && type.Arguments.Count == tuple.Parts.Count:
                for (int i = 0; i < tuple.Parts.Count; i++)
                {
                    Collect(type.Arguments[i], tuple.Parts[i]);
                }

                break;
            case CompositeShape composite when type.Suffix.Length == 0:
                string parts = string.Join(", ", composite.Parts.Select(static part => $"{Text(part.Shape)} {part.Name}"));
                _types.TryAdd(type.Name, $"public record {Generic(type)}({parts});");
                break;
            case NumberedShape:
                _types.TryAdd(type.Name, $"public class {Generic(type)}; // its parts are numbered, and not told");
                break;
            case SimpleShape simple when Keywords[simple.Name] != type.Name + type.Suffix && IsEnum(simple):
                _types.TryAdd(type.Name, $"public enum {type.Name} : {Keywords[simple.Name]}; // its names are not told");
                break;
        }
    }

    private static bool IsEnum(SimpleShape shape) => shape.Name is "u8" or "i8" or "u16" or "i16" or "u32" or "i32" or "u64" or "i64";

    private static string Generic(TypeText type) => type.Arguments.Count == 0
        ? type.Name
        : $"{type.Name}<{string.Join(", ", type.Arguments.Select(static one => Generic(one) + one.Suffix))}>";

    // A type whose name the shape does not tell: a record within a record is a tuple, which has the same bytes.
    private static string Text(Shape shape) => shape switch
    {
        SimpleShape simple => Keywords[simple.Name],
        OptionalShape optional => $"{Text(optional.Inner)}?",
        ListShape { IsSet: false } list => $"{Text(list.Element)}[]",
        ListShape set => $"HashSet<{Text(set.Element)}>",
        MapShape map => $"Dictionary<{Text(map.Key)}, {Text(map.Value)}>",
        TupleShape tuple => $"({string.Join(", ", tuple.Parts.Select(Text))})",
        CompositeShape composite => $"({string.Join(", ", composite.Parts.Select(static part => $"{Text(part.Shape)} {part.Name}"))})",
        StreamShape stream => $"IAsyncEnumerable<{Text(stream.Element)}>",
        RecursiveShape recursive => LastOf(recursive.Name),
        NumberedShape numbered => LastOf(numbered.Name),
        _ => "object",
    };

    private static string LastOf(string name) => name[(name.LastIndexOf('.') + 1)..];
}
