using System.Globalization;
using System.Security;
using System.Text;
using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Writes a contract as a C# file out of its description: a client that compiles it calls the service.</summary>
/// <remarks>
/// The description is another program's, and the file will be compiled. So no text is copied: names and types are read, and written again,
/// and what is not a declaration of the known kinds is an error.
/// </remarks>
internal sealed class ContractCode
{
    private const string Progress = "IProgress<";

    private readonly RpcDescription _contract;
    private readonly StringBuilder _text = new();

    // The declared types, as a description writes them, and their names in the file or the types that stand for them.
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    // The unions of which a type is a case.
    private readonly Dictionary<string, List<string>> _bases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(string Type, string Name)>> _parts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _unions = new(StringComparer.Ordinal);
    private readonly List<(string Summary, string Text)> _types = [];

    private ContractCode(RpcDescription contract) => _contract = contract;

    /// <summary>Returns the text of the file.</summary>
    /// <param name="contract">The description.</param>
    /// <param name="service">The service, for a comment.</param>
    /// <exception cref="ToolException">The description has something that cannot be written as a declaration.</exception>
    public static string Of(RpcDescription contract, string service)
    {
        ContractCode code = new(contract);
        code.Write(service);
        return code._text.ToString();
    }

    private void Write(string service)
    {
        foreach (string declaration in _contract.Types.Distinct(StringComparer.Ordinal))
        {
            (string summary, string text) = DeclaredText.Parted(declaration);
            _types.Add((summary, text));
            Note(text);
        }

        string[] path = _contract.Name.Split('.');
        string[] names = [.. path.Select(static one => TypeText.Name(one.Replace('-', '_')) ?? $"_{one.Replace('-', '_')}")];
        string hash = InstanceLine.HashOf(_contract.Hash);
        Line($"// {VisibleText.OneLine(service)}: {_contract.Name}, hash {hash}. Written by fairlead describe --output csharp.");
        Line("#nullable enable");
        Line("#pragma warning disable CS1591 // What the service does not document has no comment here.");
        Line("");
        foreach (string space in (ReadOnlySpan<string>)
            [
                "System", "System.Collections.Generic", "System.Collections.Immutable", "System.IO", "System.Net", "System.Numerics",
                "System.Threading", "System.Threading.Tasks", "Fairlead.Rpc",
            ])
        {
            Line($"using {space};");
        }

        Line("");
        if (names.Length > 1)
        {
            Line($"namespace {string.Join('.', names[..^1])};");
            Line("");
        }

        Summary(_contract.Summary, "");
        Line(names.SequenceEqual(path) ? "[RpcContract]" : $"[RpcContract(Name = \"{_contract.Name}\")]");
        Line($"public interface {names[^1]}");
        Line("{");
        for (int i = 0; i < _contract.Members.Count; i++)
        {
            RpcMember member = _contract.Members[i];
            MemberShape shape = ShapeParser.ParseMember(member.Shape);
            RefuseSerialized(shape, member.Name);
            Space(i);
            Summary(member.Summary, "    ");
            Member(member.ToString(), shape, member.Name);
        }

        Line("}");
        foreach ((string summary, string text) in _types)
        {
            Type(summary, text);
        }
    }

    /// <summary>Notes the name that a declaration introduces, before any type is written.</summary>
    private void Note(string text)
    {
        if (DeclaredText.TryUnion(text, out List<(int Number, string Type)> cases, out _, out string union))
        {
            Declare(union);
            _unions.TryAdd(union, text);
            foreach ((_, string type) in cases.Where(one => one.Type != union))
            {
                (_bases.TryGetValue(type, out List<string>? bases) ? bases : _bases[type] = []).Add(union);
            }
        }
        else if (DeclaredText.TryRecord(text, out _, out string record, out List<string> parts))
        {
            Declare(record);
            _parts.TryAdd(
                record,
                [.. parts.Select(static part => Declaration.Words(part)).Where(static words => words.Count >= 2)
                    .Select(static words => (words[^2], words[^1]))]);
        }
        else if (DeclaredText.Cut(text, "using ") is { } alias && alias.TrimEnd(';').Split(" = ", 2) is [var type, var travelling])
        {
            _names.TryAdd(type, travelling);
        }
        else if (DeclaredText.Cut(text, "public interface ") is { } contract && contract.Split('\n')[0] is var name
            && !name.StartsWith(Progress, StringComparison.Ordinal))
        {
            Declare(name);
        }
        else if (DeclaredText.TryEnum(text, out _, out string head, out _))
        {
            Declare(head.Split(':')[0].Trim());
        }
    }

    // A type of several arguments has a name of its own, because a description lists each use of it apart.
    private void Declare(string type)
    {
        if (type.Contains('<'))
        {
            string name = TypeText.NameOf(type);
            while (_names.ContainsValue(name))
            {
                name += "_";
            }

            _names.TryAdd(type, name);
        }
    }

    private void Type(string summary, string text)
    {
        if (DeclaredText.TryUnion(text, out List<(int Number, string Type)> cases, out string kind, out string union))
        {
            // A class that is also a case of itself is declared with its parts below.
            if (!_parts.ContainsKey(union))
            {
                Head(summary);
                Line(Cases(cases));
                Line($"public {(kind == "interface" ? "interface" : "abstract record")} {NameOf(union)};");
            }
        }
        else if (DeclaredText.TryRecord(text, out bool isStruct, out string record, out List<string> parts))
        {
            Head(summary);
            Record(record, isStruct, parts);
        }
        else if (DeclaredText.TryEnum(text, out bool isFlags, out string head, out string values))
        {
            Head(summary);
            Enum(head, values, isFlags);
        }
        else if (DeclaredText.Cut(text, "public interface ") is { } contract)
        {
            string[] lines = contract.Split('\n');
            if (!lines[0].StartsWith(Progress, StringComparison.Ordinal))
            {
                Head(summary);
                Contract(lines);
            }
        }
        else if (DeclaredText.Cut(text, "using ") is null)
        {
            throw Wrong(text);
        }
    }

    private void Head(string summary)
    {
        Line("");
        Summary(summary, "");
    }

    private void Contract(string[] lines)
    {
        Line("[RpcContract]");
        Line($"public interface {NameOf(lines[0])}");
        Line("{");
        int count = 0;
        string summary = "";
        foreach (string line in lines[1..].Select(static line => line.Trim()).Where(static line => line is not ("{" or "}" or "")))
        {
            if (line.StartsWith("///", StringComparison.Ordinal))
            {
                summary = line[3..].Trim();
                continue;
            }

            Space(count++);
            Summary(summary, "    ");
            summary = "";
            Member(line, null, lines[0]);
        }

        Line("}");
    }

    private void Member(string text, MemberShape? shape, string where)
    {
        string rest = text;
        string attributes = "";
        foreach (string attribute in (ReadOnlySpan<string>)["[OneWay] ", "[Idempotent] "])
        {
            if (rest.StartsWith(attribute, StringComparison.Ordinal))
            {
                attributes += attribute;
                rest = rest[attribute.Length..];
            }
        }

        if (Declaration.Parse(rest) is not { } member || TypeText.Name(member.Name) is not { } name)
        {
            throw Wrong($"{where}: {rest}");
        }

        List<string> parameters = [];
        for (int i = 0; i < member.Parameters.Count; i++)
        {
            DeclaredParameter parameter = member.Parameters[i];
            bool isDuringCall = i < shape?.Parameters.Count
                && Within(shape.Parameters[i]) is CallbackShape { IsDuringCall: true }
                && !parameter.Type.StartsWith(Progress, StringComparison.Ordinal);
            string named = TypeText.Name(parameter.Name) ?? throw Wrong($"{where}: {rest}");
            parameters.Add($"{(isDuringCall ? "[DuringCall] " : "")}{TypeOf(parameter.Type)} {named}");
        }

        if (member.HasToken)
        {
            parameters.Add("CancellationToken cancellationToken = default");
        }

        string result = member.Result == "void" ? "void" : TypeOf(member.Result);
        Line($"    {attributes}{result} {name}({string.Join(", ", parameters)});");
    }

    private void Record(string record, bool isStruct, List<string> parts)
    {
        List<(string Type, string Name)> own = _parts[record];
        List<string> written = [];
        foreach (string part in parts)
        {
            List<string> words = Declaration.Words(part);
            string attribute = words.Count == 3
                && DeclaredText.Cut(words[0], "[RpcMember(") is { } number
                && number.EndsWith(")]", StringComparison.Ordinal)
                && int.TryParse(number[..^2], NumberStyles.None, CultureInfo.InvariantCulture, out int digits)
                ? string.Create(CultureInfo.InvariantCulture, $"[property: RpcMember({digits})] ")
                : "";
            if (words.Count != (attribute.Length > 0 ? 3 : 2) || TypeText.Name(words[^1]) is not { } name)
            {
                throw Wrong($"{record}: {part}");
            }

            if (words[^1] == NameOf(record))
            {
                throw new ToolException(
                    ExitCode.Failure,
                    $"the type {VisibleText.OneLine(record)} has a part of its own name, which a record of C# cannot have. "
                        + "Write this contract by hand, after fairlead describe");
            }

            written.Add($"{attribute}{TypeOf(words[^2])} {name}");
        }

        string kind = isStruct ? "record struct" : "record";
        if (_unions.TryGetValue(record, out string? union) && DeclaredText.TryUnion(union, out List<(int, string)> cases, out _, out _))
        {
            Line(Cases(cases));
        }
        else if (!isStruct)
        {
            kind = "sealed record";
        }

        Line($"public {kind} {NameOf(record)}({string.Join(", ", written)}){Bases(record, own)};");
    }

    // The record of a case that has the parts of its base gives them to it.
    private string Bases(string record, List<(string Type, string Name)> own)
    {
        if (!_bases.TryGetValue(record, out List<string>? bases))
        {
            return "";
        }

        IEnumerable<string> all = bases.Distinct(StringComparer.Ordinal).OrderBy(IsInterface).Select(union =>
            !_parts.TryGetValue(union, out List<(string Type, string Name)>? parts) ? NameOf(union)
            : parts.All(own.Contains) ? $"{NameOf(union)}({string.Join(", ", parts.Select(static part => TypeText.Name(part.Name)))})"
            : throw Wrong($"{record} is a case of {union}, and lacks parts of it"));
        return $" : {string.Join(", ", all)}";
    }

    private bool IsInterface(string union) => DeclaredText.TryUnion(_unions[union], out _, out string kind, out _) && kind == "interface";

    private string Cases(List<(int Number, string Type)> cases) => string.Create(
        CultureInfo.InvariantCulture, $"[{string.Join(", ", cases.Select(one => $"RpcUnion({one.Number}, typeof({TypeOf(one.Type)}))"))}]");

    private void Enum(string head, string values, bool isFlags)
    {
        string[] sides = head.Split(':', StringSplitOptions.TrimEntries);
        string name = TypeText.Name(sides[0]) ?? throw Wrong(head);
        string of = sides.Length > 1 ? $" : {TypeOf(sides[1])}" : "";
        if (isFlags)
        {
            Line("[Flags]");
        }

        Line($"public enum {name}{of}");
        Line("{");
        foreach (string value in values.Split(',', StringSplitOptions.TrimEntries))
        {
            if (value.Split('=', StringSplitOptions.TrimEntries) is [var one, var digits]
                && TypeText.Name(one) is { } named
                && Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 number))
            {
                Line(string.Create(CultureInfo.InvariantCulture, $"    {named} = {number},"));
            }
            else if (value is not ("" or "…"))
            {
                throw Wrong($"{head}: {value}");
            }
        }

        Line("}");
    }

    private void RefuseSerialized(MemberShape member, string name)
    {
        if (member.Parameters.Append(member.Result).Any(static shape => shape is not null && Within(shape) is SerializedShape))
        {
            throw new ToolException(
                ExitCode.Failure,
                $"{name} of {_contract.Name} has values in the format of a serializer, whose class a description does not tell. "
                    + "Write this contract by hand, after fairlead describe");
        }
    }

    private static Shape Within(Shape shape) => shape switch
    {
        OptionalShape optional => Within(optional.Inner),
        StreamShape stream => Within(stream.Element),
        _ => shape,
    };

    private string NameOf(string type) => _names.TryGetValue(type, out string? name) ? name : TypeText.Name(type) ?? throw Wrong(type);

    private string TypeOf(string type) => TypeText.Read(type, Known) ?? throw Wrong(type);

    // What stands for a name: that of a declared type with arguments, or the type that travels in its place.
    private string? Known(string type)
    {
        if (!_names.TryGetValue(type, out string? known))
        {
            return null;
        }

        for (int left = _names.Count; left > 0 && _names.TryGetValue(known, out string? next); left--)
        {
            known = next;
        }

        return TypeText.Read(known, other => other == type ? null : _names.GetValueOrDefault(other));
    }

    private void Summary(string summary, string indent)
    {
        if (summary.Length > 0)
        {
            Line($"{indent}/// <summary>{SecurityElement.Escape(VisibleText.OneLine(summary).Replace('\u0085', ' '))}</summary>");
        }
    }

    private void Space(int index)
    {
        if (index > 0)
        {
            Line("");
        }
    }

    private void Line(string text) => _text.Append(text).Append('\n');

    private ToolException Wrong(string text)
    {
        const int Shown = 100;
        string shown = VisibleText.OneLine(text.Length > Shown ? $"{text[..Shown]}…" : text);
        return new ToolException(
            ExitCode.Failure,
            $"the description of {_contract.Name} has something that cannot be written as C#: '{shown}'. "
                + "Write this contract by hand, after fairlead describe");
    }
}
