using System.Globalization;

namespace Fairlead.Cli.Rpc;

/// <summary>The texts in which a description declares its types. They are another program's: what is no such text is not read.</summary>
internal static class DeclaredText
{
    /// <summary>Parts a declaration from the lines of documentation before it.</summary>
    public static (string Summary, string Text) Parted(string declaration)
    {
        string[] lines = declaration.Split('\n');
        int code = Array.FindIndex(lines, static line => !line.StartsWith("///", StringComparison.Ordinal));
        return code < 0
            ? ("", "")
            : (string.Join(' ', lines[..code].Select(static line => line[3..].Trim())), string.Join('\n', lines[code..]));
    }

    /// <summary>Returns what follows a start; null: the text does not begin with it.</summary>
    public static string? Cut(string text, string start) =>
        text.StartsWith(start, StringComparison.Ordinal) ? text[start.Length..] : null;

    /// <summary>Reads <c>[RpcUnion(1, typeof(Circle)), RpcUnion(2, typeof(Square))] public abstract class Figure;</c>.</summary>
    public static bool TryUnion(string text, out List<(int Number, string Type)> cases, out string kind, out string name)
    {
        const string End = "))] public ";
        (cases, kind, name) = ([], "", "");
        if (Cut(text, "[RpcUnion(") is not { } rest || rest.IndexOf(End, StringComparison.Ordinal) is not (> 0 and var end))
        {
            return false;
        }

        foreach (string one in rest[..end].Split(")), RpcUnion("))
        {
            if (one.Split(", typeof(", 2) is [var digits, var type]
                && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                cases.Add((number, type));
            }
        }

        if (Declaration.Words(rest[(end + End.Length)..].TrimEnd(';')) is not [.., var of, var last])
        {
            return false;
        }

        (kind, name) = (of, last);
        return true;
    }

    /// <summary>Reads <c>public record Order([RpcMember(1)] Line[] Lines, Grade Grade);</c>.</summary>
    public static bool TryRecord(string text, out bool isStruct, out string name, out List<string> parts)
    {
        isStruct = text.StartsWith("public record struct ", StringComparison.Ordinal);
        (name, parts) = ("", []);
        if (Cut(text, isStruct ? "public record struct " : "public record ") is not { } rest
            || Declaration.IndexOf(rest, '(') is not (> 0 and var open)
            || !rest.EndsWith(");", StringComparison.Ordinal))
        {
            return false;
        }

        name = rest[..open];
        parts = [.. Declaration.Split(rest[(open + 1)..^2], ',').Select(static part => part.Trim()).Where(static part => part.Length > 0)];
        return true;
    }

    /// <summary>Reads <c>[Flags] public enum Grade : byte { Raw = 0, Fine = 1 }</c>.</summary>
    /// <remarks>The head is the name and, behind a colon, the integer.</remarks>
    public static bool TryEnum(string text, out bool isFlags, out string head, out string values)
    {
        string? flags = Cut(text, "[Flags] ");
        isFlags = flags is not null;
        (head, values) = ("", "");
        if (Cut(flags ?? text, "public enum ") is not { } rest || rest.IndexOf('{') is not (> 0 and var open) || !rest.EndsWith('}'))
        {
            return false;
        }

        (head, values) = (rest[..open].Trim(), rest[(open + 1)..^1].Trim());
        return true;
    }
}
