using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>Reads documentation comments.</summary>
internal static class Documentation
{
    private const int MaxLength = 1000;

    /// <summary>The summary of a symbol on one line; empty: it has none, or it cannot be read.</summary>
    public static string Summary(ISymbol symbol)
    {
        string xml = symbol.GetDocumentationCommentXml() is { Length: > 0 } parsed ? parsed : $"<member>{Comment(symbol)}</member>";
        try
        {
            StringBuilder text = new();
            Append(text, XElement.Parse(xml).Element("summary"));
            string line = Regex.Replace($"{text}", @"\s+", " ").Trim();
            return line.Length > MaxLength ? $"{line.Substring(0, MaxLength)}…" : line;
        }
        catch (XmlException)
        {
            // The compiler reports it, where it reads such comments.
            return "";
        }
    }

    // A compiler that writes no documentation does not read these comments either.
    private static string Comment(ISymbol symbol)
    {
        const string Mark = "///";
        return string.Join(
            "\n",
            symbol.DeclaringSyntaxReferences
                .Take(1)
                .SelectMany(static reference => reference.GetSyntax().GetLeadingTrivia().ToFullString().Split('\n'))
                .Select(static line => line.Trim())
                .Where(static line => line.StartsWith(Mark, StringComparison.Ordinal))
                .Select(static line => line.Substring(Mark.Length)));
    }

    private static void Append(StringBuilder text, XElement? element)
    {
        foreach (XNode node in element?.Nodes() ?? [])
        {
            if (node is XText words)
            {
                text.Append(words.Value);
            }
            else if (node is XElement { IsEmpty: false } inner)
            {
                Append(text, inner);
            }
            else if (node is XElement reference && reference.Attributes().FirstOrDefault() is { } name)
            {
                // <see cref="T:Ns.Type.Member(…)"/>, <paramref name="one"/>
                string full = name.Value.Split('(')[0];
                text.Append(full.Substring(full.LastIndexOfAny(['.', ':']) + 1));
            }
        }
    }
}
