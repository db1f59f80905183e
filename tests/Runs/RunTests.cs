using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;
using Xunit.v3;

namespace Fairlead.Runs;

/// <summary>The division of this assembly's tests into the runs of <c>./test.sh</c>. Each assembly of tests compiles this file.</summary>
public sealed class RunTests
{
    /// <summary>The budget of the default run, in seconds: what one test and one class may take, as eng/durations.tsv has them.</summary>
    private const double TestBudget = 2;
    private const double ClassBudget = 15;

    [Fact]
    public void Every_test_is_in_the_default_run_or_in_the_full_run_with_a_reason()
    {
        (MethodInfo Method, Type Class)[] tests = [.. Tests()];
        Assert.NotEmpty(tests);
        Assert.All(tests, static test =>
        {
            string name = $"{test.Class.FullName}.{test.Method.Name}";
            foreach (string run in RunsOf(test.Method, test.Class))
            {
                Assert.True(run is "full" or "slow", $"{name} is in an unknown run: {run}");
            }

            Assert.All(
                test.Class.GetCustomAttributes<FullRunAttribute>(inherit: true)
                    .Concat(test.Method.GetCustomAttributes<FullRunAttribute>(inherit: true)),
                full => Assert.False(string.IsNullOrWhiteSpace(full.Reason), name));
        });
        Assert.Contains(tests, static test => !RunsOf(test.Method, test.Class).Contains("full"));
    }

    /// <summary>A class of the default run that takes longer than the budget says why it is worth it.</summary>
    [Fact]
    public void Every_class_of_the_default_run_is_within_the_budget_or_explains_why_not()
    {
        ILookup<string, (MethodInfo Method, Type Class)> byClass = Tests().ToLookup(static test => test.Class.FullName!);
        string[] unexplained =
        [
            .. from line in File.ReadLines(Path.Combine(Root(), "eng/durations.tsv"))
               where !line.StartsWith('#')
               let fields = line.Split('\t')
               where fields[0] == typeof(RunTests).Assembly.GetName().Name && byClass.Contains(fields[1])
               let test = double.Parse(fields[2], CultureInfo.InvariantCulture)
               let whole = double.Parse(fields[3], CultureInfo.InvariantCulture)
               where (test > TestBudget || whole > ClassBudget) && !IsExplained(byClass[fields[1]])
               select $"{fields[1]}: its median test takes {test} s, all its tests {whole} s",
        ];

        Assert.Empty(unexplained);
    }

    /// <summary>Returns the root of the repository.</summary>
    internal static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));

    private static bool IsExplained(IEnumerable<(MethodInfo Method, Type Class)> tests) =>
        tests.All(static test => RunsOf(test.Method, test.Class).Contains("full")
            || test.Class.GetCustomAttribute<SlowRunAttribute>() is { Reason.Length: > 0 });

    private static IEnumerable<(MethodInfo Method, Type Class)> Tests() =>
        from type in typeof(RunTests).Assembly.GetTypes()
        where type is { IsAbstract: false, IsVisible: true }
        from method in type.GetMethods()
        where method.GetCustomAttributes<FactAttribute>().Any()
        select (method, type);

    private static string[] RunsOf(MethodInfo method, Type type) =>
    [
        .. type.GetCustomAttributes(inherit: true).Concat(method.GetCustomAttributes(inherit: true))
            .OfType<ITraitAttribute>()
            .SelectMany(static trait => trait.GetTraits())
            .Where(static trait => trait.Key == "Run")
            .Select(static trait => trait.Value)
            .Distinct(),
    ];
}
