using System.CommandLine;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Fairlead.Cli.Commands;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>docs/tool-reference.md lists the options of each command, the fields of each JSON output, and the environment.</summary>
/// <remarks>With <c>FAIRLEAD_RENEW=1</c> the first two tables are written instead.</remarks>
public sealed partial class ToolReferenceTests
{
    private const string OptionsHead = "| command | options |";
    private const string FieldsHead = "| output of | fields |";

    private static readonly string Page = Path.Combine(Root(), "docs/tool-reference.md");

    /// <summary>The commands that print each kind of line.</summary>
    private static readonly Dictionary<Type, string> Printers = new()
    {
        [typeof(BoardLine)] = "`list --boards`",
        [typeof(CertificateLine)] = "`certificate show`",
        [typeof(ContractLine)] = "`describe`",
        [typeof(DeadlockLine)] = "`deadlocks`",
        [typeof(DifferenceLine)] = "`diff`",
        [typeof(EchoLine)] = "`bench echo`",
        [typeof(EndpointLine)] = "`list`",
        [typeof(InstanceLine)] = "`services`",
        [typeof(InterfaceLine)] = "`interfaces`",
        [typeof(LabLine)] = "`lab`",
        [typeof(LockLine)] = "`locks`, `list --locks`",
        [typeof(LogLine)] = "`log info`",
        [typeof(MessageLine)] = "`receive`, `subscribe`, `work pull`, `listen`, `connect`, `survey`",
        [typeof(PortLine)] = "`port`",
        [typeof(PresenceLine)] = "`watch`",
        [typeof(RecordLine)] = "`log follow`, `log replay`",
        [typeof(ResolveLine)] = "`resolve`",
        [typeof(SegmentLine)] = "`list --segments`, `info`",
        [typeof(SignalLine)] = "`signal --probe`",
        [typeof(SignalNumberLine)] = "`signal --list`",
        [typeof(SpawnLine)] = "`spawn`",
        [typeof(SupervisedLine)] = "`supervise`",
        [typeof(SystemVLine)] = "`list --sysv`",
        [typeof(TimeLine)] = "`get`",
        [typeof(TourLine)] = "`tour`",
        [typeof(WorkItemLine)] = "`work list`",
    };

    [Fact]
    public void The_page_lists_the_options_of_each_command() => Check(OptionsHead, [.. Rows(FairleadCommand.Create(), "")]);

    [Fact]
    public void The_page_lists_the_fields_of_each_output()
    {
        Assert.Equal(
            typeof(OutputJson).GetCustomAttributesData()
                .Where(static data => data.AttributeType == typeof(JsonSerializableAttribute))
                .Select(static data => ((Type)data.ConstructorArguments[0].Value!).Name)
                .Order(StringComparer.Ordinal),
            Printers.Keys.Select(static type => type.Name).Order(StringComparer.Ordinal));
        SortedDictionary<string, string> parts = new(StringComparer.Ordinal);
        List<string> rows = [];
        foreach ((Type type, string printer) in Printers.OrderBy(static pair => pair.Value, StringComparer.Ordinal))
        {
            rows.Add($"| {printer} | {Fields(type, parts)} |");
        }

        Check(FieldsHead, [.. rows, .. parts.Select(static part => $"| *{part.Key}* | {part.Value} |")]);
    }

    [Fact]
    public void The_page_lists_the_variables_of_the_environment()
    {
        IEnumerable<string> used = Directory
            .EnumerateFiles(Path.Combine(Root(), "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(static file => Variable().Matches(File.ReadAllText(file)))
            .Select(static match => match.Groups["name"].Value)
            .Distinct();
        string text = File.ReadAllText(Page);
        string[] listed = [.. Listed().Matches(text[text.IndexOf("| variable |", StringComparison.Ordinal)..])
            .Select(static match => match.Groups["name"].Value)];
        Assert.Equal(used.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Rows(Command command, string path)
    {
        var verbs = command.Subcommands.Where(static verb => !verb.Hidden);
        foreach (var verb in verbs.OrderBy(static verb => verb.Name, StringComparer.Ordinal))
        {
            string[] options =
            [
                .. verb.Options
                    .Where(static option => option is { Hidden: false, Name: not "--help" })
                    .Select(static option => $"`{option.Name}`")
                    .Order(StringComparer.Ordinal),
            ];
            if (verb.Subcommands.Count == 0 || options.Length > 0)
            {
                yield return $"| `{path}{verb.Name}` | {(options is [] ? "–" : string.Join(' ', options))} |";
            }

            foreach (string row in Rows(verb, $"{path}{verb.Name} "))
            {
                yield return row;
            }
        }
    }

    private static string Fields(Type type, SortedDictionary<string, string> parts)
    {
        JsonTypeInfo known = OutputJson.Readable.GetTypeInfo(type) ?? throw new InvalidOperationException($"{type.Name} is not serialized");
        return string.Join(
            ' ',
            known.Properties.Where(static property => property.Get is not null).Select(property =>
                $"`{property.Name}{(IsOptional(property) ? "?" : "")}: {NameOf(property.PropertyType, parts)}`"));
    }

    private static bool IsOptional(JsonPropertyInfo property) =>
        property.AttributeProvider is PropertyInfo declared
        && new NullabilityInfoContext().Create(declared).ReadState == NullabilityState.Nullable;

    private static string NameOf(Type type, SortedDictionary<string, string> parts)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(byte[]))
        {
            return "base64";
        }

        Type? item = type.IsArray ? type.GetElementType()
            : type.IsGenericType && type.GetGenericArguments() is [Type only] ? only
            : null;
        if (item is not null)
        {
            return $"[{NameOf(item, parts)}]";
        }

        if (type == typeof(string) || type.IsEnum)
        {
            return "text";
        }

        if (type == typeof(bool))
        {
            return "boolean";
        }

        if (type.IsPrimitive || type == typeof(decimal))
        {
            return "number";
        }

        if (type == typeof(DateTimeOffset) || type == typeof(DateTime) || type == typeof(DateOnly))
        {
            return "time";
        }

        string name = type.Name.Replace("Line", "", StringComparison.Ordinal).ToLowerInvariant();
        if (parts.TryAdd(name, ""))
        {
            parts[name] = Fields(type, parts);
        }

        return name;
    }

    private static void Check(string head, string[] expected)
    {
        List<string> lines = [.. File.ReadAllLines(Page)];
        int first = lines.IndexOf(head) + 2;
        Assert.True(first > 1, $"the page has no table {head}");
        int count = lines.Skip(first).TakeWhile(static line => line.StartsWith('|')).Count();
        if (Environment.GetEnvironmentVariable("FAIRLEAD_RENEW") == "1")
        {
            lines.RemoveRange(first, count);
            lines.InsertRange(first, expected);
            File.WriteAllLines(Page, lines);
            return;
        }

        Assert.Equal(expected, lines.Skip(first).Take(count));
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));

    [GeneratedRegex("\"(?<name>FAIRLEAD_[A-Z_]+)\"")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^\| `(?<name>FAIRLEAD_[A-Z_]+)`", RegexOptions.Multiline)]
    private static partial Regex Listed();
}
