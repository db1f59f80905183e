using System.Collections;
using System.Globalization;
using System.Reflection;
using Fairlead.Rpc;

namespace Fairlead.Docs.Tests;

/// <summary>The pages state the defaults that the code has, of every option that there is.</summary>
public sealed class DefaultsTests
{
    private const string Head = "| in code | in an address | default | range |";

    private static readonly Type[] Types =
        [.. typeof(Sender).Assembly.GetExportedTypes(), .. typeof(RpcServer).Assembly.GetExportedTypes()];

    public static TheoryData<string> Pages => [.. Repository.Pages.Where(static page => Rows(page).Any())];

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_defaults_of_a_page_are_those_of_the_code(string page)
    {
        foreach (string[] row in Rows(page))
        {
            string name = row[0].Trim('`');
            string expected = DefaultOf(name);
            Assert.True(
                row[2] == expected || row[2].StartsWith($"{expected}: ", StringComparison.Ordinal),
                $"{page}: the default of {name} is {expected}, and the page says {row[2]}");
        }
    }

    [Theory]
    [InlineData("docs/patterns/hub.md")]
    [InlineData("docs/patterns/pair.md")]
    [InlineData("docs/patterns/publisher-subscriber.md")]
    [InlineData("docs/patterns/requester-responder.md")]
    [InlineData("docs/patterns/sender-receiver.md")]
    [InlineData("docs/patterns/wait-set.md")]
    [InlineData("docs/patterns/work-queue.md")]
    [InlineData("docs/memory.md")]
    [InlineData("docs/processes.md")]
    [InlineData("docs/rpc.md")]
    [InlineData("docs/synchronization.md")]
    [InlineData("docs/transports/log.md")]
    public void A_page_states_its_defaults(string page) => Assert.NotEmpty(Rows(page));

    [Fact]
    public void Every_option_of_the_code_has_its_default_on_a_page()
    {
        string[] stated =
        [
            .. Repository.Pages.SelectMany(Rows).Select(static row => row[0].Trim('`')),
            .. Table(Repository.Read("docs/addresses.md"), "| only in code |").Select(static row => $"EndpointOptions.{row[0].Trim('`')}"),
        ];
        IEnumerable<string> missing =
            from type in Types
            where type.Name.EndsWith("Options", StringComparison.Ordinal) || type == typeof(RpcRetry)
            from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            where property.CanWrite && property.PropertyType != typeof(EndpointOptions) && property.PropertyType != typeof(RpcRetry)
            let name = $"{type.Name}.{property.Name}"
            where !stated.Contains(name)
            select name;
        Assert.Empty(missing);
    }

    [Fact]
    public void The_defaults_of_options_that_no_address_has_are_those_of_the_code() =>
        Assert.All(
            Table(Repository.Read("docs/addresses.md"), "| only in code |"),
            static row => Assert.Equal(DefaultOf($"EndpointOptions.{row[0].Trim('`')}"), row[1]));

    /// <summary>Returns the cells of a table's rows below its head.</summary>
    internal static IEnumerable<string[]> Table(string page, string head) =>
        page.Split('\n').SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal)).Skip(2)
            .TakeWhile(static line => line.StartsWith('|'))
            .Select(static line => line.Split(" | ").Select(static cell => cell.Trim('|', ' ')).ToArray());

    private static IEnumerable<string[]> Rows(string page) => Table(Repository.Read(page), Head);

    /// <summary>Returns the default of a property, or of a method's parameter, as the pages write it.</summary>
    private static string DefaultOf(string name)
    {
        string[] parts = name.Split('.', '(', ')');
        Type type = Types.Single(type => type.Name == parts[0]);
        if (parts.Length > 2)
        {
            return Text(
                parts[2],
                type.GetMethods()
                    .Where(method => method.Name == parts[1])
                    .SelectMany(static method => method.GetParameters())
                    .First(parameter => parameter.Name == parts[2] && parameter.HasDefaultValue)
                    .DefaultValue);
        }

        PropertyInfo property = type.GetProperty(parts[1]) ?? throw new InvalidOperationException($"there is no {name}");
        return Text(name, property.GetValue(Activator.CreateInstance(type)));
    }

    private static string Text(string name, object? value) =>
        value switch
        {
            null => "null",
            bool given => given ? "true" : "false",
            int.MaxValue => "no limit",
            byte or int or long => Number(name, Convert.ToInt64(value, CultureInfo.InvariantCulture)),
            TimeSpan { Ticks: 0 } => "0",
            TimeSpan span when span.Ticks % TimeSpan.TicksPerMinute == 0 => $"{span.TotalMinutes} min",
            TimeSpan span when span.Ticks % TimeSpan.TicksPerSecond == 0 => $"{span.TotalSeconds} s",
            TimeSpan span => $"{span.TotalMilliseconds} ms",
            "" => "empty",
            Enum chosen => chosen.ToString(),
            TimeProvider clock when clock == TimeProvider.System => "the system's clock",
            IEnumerable items when !items.GetEnumerator().MoveNext() => "none",
            _ => value.GetType()
                .GetProperties(BindingFlags.Public | BindingFlags.Static)
                .First(property => Equals(property.GetValue(null), value))
                .Name,
        };

    private static string Number(string name, long number)
    {
        bool isSize = name.Contains("Bytes", StringComparison.Ordinal) || name.Contains("Size", StringComparison.Ordinal);
        return isSize && number % (1 << 20) == 0 ? $"{number >> 20} MiB"
            : isSize && number % (1 << 10) == 0 ? $"{number >> 10} KiB"
            : number.ToString("N0", CultureInfo.InvariantCulture);
    }
}
