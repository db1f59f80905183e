using System.Globalization;

namespace Fairlead.Cli.Rpc;

/// <summary>The types that a description declares in C#, by their names: enums, records, and the contracts of objects.</summary>
/// <remarks>
/// The text is another program's, and is meant for people. A declaration that cannot be read, is too long, or has the name of another one
/// is left out: its values stay numbers.
/// </remarks>
internal sealed class DeclaredTypes
{
    private const int MostCharacters = 1 << 18;
    private const int LongestName = 1000;

    // As many as a description lists.
    private const int MostValues = 256;

    private static readonly Dictionary<string, (string Shape, Int128 Least, Int128 Most)> Integers = new(StringComparer.Ordinal)
    {
        ["byte"] = ("u8", byte.MinValue, byte.MaxValue),
        ["sbyte"] = ("i8", sbyte.MinValue, sbyte.MaxValue),
        ["ushort"] = ("u16", ushort.MinValue, ushort.MaxValue),
        ["short"] = ("i16", short.MinValue, short.MaxValue),
        ["uint"] = ("u32", uint.MinValue, uint.MaxValue),
        ["int"] = ("i32", int.MinValue, int.MaxValue),
        ["ulong"] = ("u64", ulong.MinValue, ulong.MaxValue),
        ["long"] = ("i64", long.MinValue, long.MaxValue),
    };

    // Null: two types have this name.
    private readonly Dictionary<string, EnumShape?> _enums = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>?> _records = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string?> _converted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyDictionary<int, string>?> _unions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyDictionary<string, Declaration>?> _contracts = new(StringComparer.Ordinal);

    /// <summary>Reads the declarations.</summary>
    public DeclaredTypes(IEnumerable<string> declarations)
    {
        foreach (string declaration in declarations.Distinct(StringComparer.Ordinal))
        {
            string text = WithoutSummary(declaration);
            if (text.Length <= MostCharacters)
            {
                Read(text);
            }
        }
    }

    /// <summary>An enum; null: no such type is known.</summary>
    public EnumShape? Enum(string name) => _enums.GetValueOrDefault(name);

    /// <summary>The types of a record's parts by their names; null: no such type is known.</summary>
    public IReadOnlyDictionary<string, string>? Record(string name) => _records.GetValueOrDefault(name);

    /// <summary>The type that travels in the place of another one, or that type itself.</summary>
    public string Travelling(string name)
    {
        // The declarations may name each other in a circle: a walk as long as their number has seen all of them.
        for (int left = _converted.Count; left > 0 && _converted.GetValueOrDefault(name) is { } parts; left--)
        {
            name = parts;
        }

        return name;
    }

    /// <summary>The types of a union's cases by their numbers; null: no such type is known.</summary>
    public IReadOnlyDictionary<int, string>? Union(string name) => _unions.GetValueOrDefault(name);

    /// <summary>The members of a contract by their names; null: no such type is known.</summary>
    public IReadOnlyDictionary<string, Declaration>? Contract(string name) => _contracts.GetValueOrDefault(name);

    private static string WithoutSummary(string text)
    {
        int start = 0;
        while (string.CompareOrdinal(text, start, "///", 0, 3) == 0 && text.IndexOf('\n', start) is >= 0 and int end)
        {
            start = end + 1;
        }

        return text[start..];
    }

    private static void Add<T>(Dictionary<string, T?> types, string name, T type)
        where T : class
    {
        if (name.Length is > 0 and <= LongestName && !types.TryAdd(name, type))
        {
            types[name] = null;
        }
    }

    private static bool TryCut(string text, string start, out string rest)
    {
        bool begins = text.StartsWith(start, StringComparison.Ordinal);
        rest = begins ? text[start.Length..] : text;
        return begins;
    }

    private void Read(string text)
    {
        bool isFlags = TryCut(text, "[Flags] ", out text);
        if (TryCut(text, "[RpcUnion(", out string rest))
        {
            ReadUnion(rest);
        }
        else if (TryCut(text, "public enum ", out rest))
        {
            ReadEnum(rest, isFlags);
        }
        else if (TryCut(text, "public record struct ", out rest) || TryCut(text, "public record ", out rest))
        {
            ReadRecord(rest);
        }
        else if (TryCut(text, "using ", out rest) && rest.TrimEnd(';').Split(" = ", 2) is [var converted, var parts])
        {
            Add(_converted, converted, parts);
        }
        else if (TryCut(text, "public interface ", out rest))
        {
            ReadContract(rest);
        }
    }

    // Grade : byte { Raw = 0, Fine = 1 }
    private void ReadEnum(string text, bool isFlags)
    {
        int open = text.IndexOf('{');
        if (open < 0 || !text.EndsWith('}'))
        {
            return;
        }

        string[] head = text[..open].Split(':', StringSplitOptions.TrimEntries);
        string type = head is [_, var written] ? written : "int";
        if (head.Length > 2 || !Integers.TryGetValue(type, out (string Shape, Int128 Least, Int128 Most) integer))
        {
            return;
        }

        List<(string, Int128)> values = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (string value in text[(open + 1)..^1].Split(','))
        {
            string[] sides = value.Split('=', StringSplitOptions.TrimEntries);

            // Behind many values, a sign stands for the rest.
            if (values.Count < MostValues
                && sides is [var name, var digits]
                && IsName(name)
                && Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 number)
                && number >= integer.Least && number <= integer.Most
                && names.Add(name))
            {
                values.Add((name, number));
            }
        }

        Add(_enums, head[0], new EnumShape(head[0], integer.Shape, isFlags, values));
    }

    // Letters as people see them: a name is printed.
    private static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName
        && !char.IsAsciiDigit(text[0])
        && text.All(static letter => char.IsLetterOrDigit(letter) || letter == '_');

    // 1, typeof(Circle)), RpcUnion(2, typeof(Square))] public abstract class Figure;
    private void ReadUnion(string text)
    {
        const string End = "))] public ";
        int end = text.IndexOf(End, StringComparison.Ordinal);
        if (end < 0 || Declaration.Words(text[(end + End.Length)..].TrimEnd(';')) is not [.., var name])
        {
            return;
        }

        Dictionary<int, string> cases = [];
        foreach (string one in text[..end].Split(")), RpcUnion("))
        {
            if (one.Split(", typeof(", 2) is [var digits, var type]
                && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                cases.TryAdd(number, type);
            }
        }

        Add(_unions, name, cases);
    }

    // Order([RpcMember(1)] Line[] Lines, Grade Grade);
    private void ReadRecord(string text)
    {
        int open = Declaration.IndexOf(text, '(');
        if (open < 0 || !text.EndsWith(");", StringComparison.Ordinal))
        {
            return;
        }

        Dictionary<string, string> parts = new(StringComparer.Ordinal);
        foreach (string part in Declaration.Split(text[(open + 1)..^2], ','))
        {
            if (Declaration.Words(part) is [.., var type, var name] && type.Length <= LongestName)
            {
                parts.TryAdd(name, type);
            }
        }

        Add(_records, text[..open], parts);
    }

    // Lines behind the name: {, the members, }
    private void ReadContract(string text)
    {
        string[] lines = text.Split('\n');
        Dictionary<string, Declaration> members = new(StringComparer.Ordinal);
        foreach (string line in lines[1..])
        {
            if (!line.TrimStart().StartsWith("///", StringComparison.Ordinal) && Declaration.Parse(line) is { } member)
            {
                members.TryAdd(member.Name, member);
            }
        }

        Add(_contracts, lines[0], members);
    }
}
