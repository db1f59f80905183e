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
            (_, string text) = DeclaredText.Parted(declaration);
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

    private static void Add<T>(Dictionary<string, T?> types, string name, T type)
        where T : class
    {
        if (name.Length is > 0 and <= LongestName && !types.TryAdd(name, type))
        {
            types[name] = null;
        }
    }

    private void Read(string text)
    {
        if (DeclaredText.TryUnion(text, out List<(int Number, string Type)> cases, out _, out string union))
        {
            Dictionary<int, string> byNumber = [];
            foreach ((int number, string type) in cases)
            {
                byNumber.TryAdd(number, type);
            }

            Add(_unions, union, byNumber);
        }
        else if (DeclaredText.TryEnum(text, out bool isFlags, out string head, out string values))
        {
            ReadEnum(head, values, isFlags);
        }
        else if (DeclaredText.TryRecord(text, out _, out string record, out List<string> parts))
        {
            ReadRecord(record, parts);
        }
        else if (DeclaredText.Cut(text, "using ") is { } alias && alias.TrimEnd(';').Split(" = ", 2) is [var converted, var travelling])
        {
            Add(_converted, converted, travelling);
        }
        else if (DeclaredText.Cut(text, "public interface ") is { } contract)
        {
            ReadContract(contract);
        }
    }

    private void ReadEnum(string head, string values, bool isFlags)
    {
        string[] sides = head.Split(':', StringSplitOptions.TrimEntries);
        string type = sides is [_, var written] ? written : "int";
        if (sides.Length > 2 || !Integers.TryGetValue(type, out (string Shape, Int128 Least, Int128 Most) integer))
        {
            return;
        }

        List<(string, Int128)> known = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (string value in values.Split(','))
        {
            string[] both = value.Split('=', StringSplitOptions.TrimEntries);

            // Behind many values, a sign stands for the rest.
            if (known.Count < MostValues
                && both is [var name, var digits]
                && IsName(name)
                && Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 number)
                && number >= integer.Least && number <= integer.Most
                && names.Add(name))
            {
                known.Add((name, number));
            }
        }

        Add(_enums, sides[0], new EnumShape(sides[0], integer.Shape, isFlags, known));
    }

    // Letters as people see them: a name is printed.
    private static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName
        && !char.IsAsciiDigit(text[0])
        && text.All(static letter => char.IsLetterOrDigit(letter) || letter == '_');

    private void ReadRecord(string record, List<string> parts)
    {
        Dictionary<string, string> types = new(StringComparer.Ordinal);
        foreach (string part in parts)
        {
            if (Declaration.Words(part) is [.., var type, var name] && type.Length <= LongestName)
            {
                types.TryAdd(name, type);
            }
        }

        Add(_records, record, types);
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
