using System.Globalization;
using System.Text;

namespace Fairlead.Cli.Manual;

/// <summary>Writes a manual page in the man(7) language.</summary>
internal sealed class RoffText
{
    private const int LongestLine = 72;

    private readonly StringBuilder _text = new();
    private bool _beginsSection;

    public void Title(string name, string date, string version) =>
        Macro($".TH {name.ToUpperInvariant()} 1 {date} \"Fairlead {version}\" \"Fairlead\"");

    public RoffText Section(string title) => Begin($".SH {Quoted(title)}");

    public RoffText Subsection(string title) => Begin($".SS {Quoted(title)}");

    /// <summary>Begins a paragraph, unless the section has just begun.</summary>
    public RoffText Paragraph() => _beginsSection ? this : Macro(".PP");

    /// <summary>Begins a line, unless the section has just begun.</summary>
    public RoffText Break() => _beginsSection ? this : Macro(".br");

    /// <summary>Writes the line of NAME, where the dash between the name and the purpose has a spelling of its own.</summary>
    public RoffText Line(string text)
    {
        var parts = text.Split(" - ", 2);
        return Macro($"{Escaped(parts[0])} \\- {Escaped(parts[1])}");
    }

    /// <summary>Writes a text in short lines, which the reader's terminal fills.</summary>
    public RoffText Text(string text)
    {
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > LongestLine)
            {
                Macro(Escaped(line));
                line = "";
            }

            line += line.Length == 0 ? word : $" {word}";
        }

        return line.Length == 0 ? this : Macro(Escaped(line));
    }

    public RoffText Code(string line) => Macro($".B {Quoted(line)}");

    /// <summary>Writes a command line as it is typed, indented and unfilled.</summary>
    public RoffText Example(string line) => Macro(".RS 4").Macro(".EX").Macro(Escaped(line)).Macro(".EE").Macro(".RE");

    /// <summary>Writes a term in bold, and its meaning below it.</summary>
    public RoffText Tagged(string term, string meaning) => Macro(".TP").Macro($".B {Quoted(term)}").Text(meaning);

    public RoffText References(IEnumerable<string> pages) =>
        Macro(string.Join(" ,\n", pages.Select(static page => $".BR {Escaped(page)} (1)")));

    public override string ToString() => _text.ToString();

    private static string Quoted(string text) => $"\"{Escaped(text).Replace("\"", "\\(dq", StringComparison.Ordinal)}\"";

    /// <summary>Returns a line whose characters appear as they are, also at its beginning.</summary>
    private static string Escaped(string line)
    {
        StringBuilder escaped = new();
        if (line.StartsWith('.') || line.StartsWith('\''))
        {
            escaped.Append("\\&");
        }

        foreach (var rune in line.EnumerateRunes())
        {
            escaped.Append(rune.Value switch
            {
                '\\' => "\\e",
                '-' => "\\-",
                '\'' => "\\(aq",
                '`' => "\\(ga",
                '^' => "\\(ha",
                '~' => "\\(ti",
                > 126 => string.Create(CultureInfo.InvariantCulture, $"\\[u{rune.Value:X4}]"),
                _ => rune.ToString(),
            });
        }

        return escaped.ToString();
    }

    private RoffText Begin(string line)
    {
        Macro(line);
        _beginsSection = true;
        return this;
    }

    private RoffText Macro(string line)
    {
        _beginsSection = false;
        _text.Append(line).Append('\n');
        return this;
    }
}
