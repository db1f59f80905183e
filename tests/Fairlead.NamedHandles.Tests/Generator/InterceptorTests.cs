using System.Collections.Immutable;
using System.IO.MemoryMappedFiles;
using System.Reflection;
using System.Text.RegularExpressions;
using Fairlead.NamedHandles.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Fairlead.NamedHandles.Tests.Generator;

/// <summary>Which calls the generated code sends to Fairlead.</summary>
[SlowRun]
public sealed partial class InterceptorTests
{
    private const string Handles = "WaitHandle[] h = [new Mutex()];";

    public static TheoryData<string, string> Calls => new()
    {
        { "WaitAny", "WaitHandle.WaitAny(h)" },
        { "WaitAny", "WaitHandle.WaitAny([h[0], h[0]])" },
        { "WaitAny", "WaitHandle.WaitAny(h, 1)" },
        { "WaitAny", "WaitHandle.WaitAny(h, 1, false)" },
        { "WaitAny", "WaitHandle.WaitAny(h, TimeSpan.Zero)" },
        { "WaitAny", "WaitHandle.WaitAny(timeout: TimeSpan.Zero, exitContext: false, waitHandles: h)" },
        { "WaitAny", "Semaphore.WaitAny(h)" },
        { "WaitAny", "System.Threading.AutoResetEvent.WaitAny(h)" },
        { "WaitAll", "WaitHandle.WaitAll(h)" },
        { "WaitAll", "WaitHandle.WaitAll(h, 1)" },
        { "WaitAll", "WaitHandle.WaitAll(h, 1, false)" },
        { "WaitAll", "WaitHandle.WaitAll(h, TimeSpan.Zero)" },
        { "WaitAll", "WaitHandle.WaitAll(h, TimeSpan.Zero, true)" },
        { "SignalAndWait", "WaitHandle.SignalAndWait(h[0], h[0])" },
        { "SignalAndWait", "WaitHandle.SignalAndWait(h[0], h[0], 1, false)" },
        { "SignalAndWait", "WaitHandle.SignalAndWait(h[0], h[0], TimeSpan.Zero, false)" },
        { "RegisterWaitForSingleObject", "ThreadPool.RegisterWaitForSingleObject(h[0], (_, _) => { }, null, 1, true)" },
        { "RegisterWaitForSingleObject", "ThreadPool.RegisterWaitForSingleObject(h[0], (_, _) => { }, null, 1u, true)" },
        { "RegisterWaitForSingleObject", "ThreadPool.RegisterWaitForSingleObject(h[0], (_, _) => { }, null, 1L, true)" },
        { "RegisterWaitForSingleObject", "ThreadPool.RegisterWaitForSingleObject(h[0], (_, _) => { }, h, TimeSpan.Zero, true)" },
        { "UnsafeRegisterWaitForSingleObject", "ThreadPool.UnsafeRegisterWaitForSingleObject(h[0], (_, _) => { }, null, 1, true)" },
        { "Unregister", "Registered!.Unregister(null!)" },
        { "Unregister", "Registered?.Unregister(h[0])" },
        { "CreateNew", "MemoryMappedFile.CreateNew(\"x\", 1)" },
        { "CreateNew", "MemoryMappedFile.CreateNew(capacity: 1, mapName: \"x\")" },
        { "CreateNew", "MemoryMappedFile.CreateNew(\"x\", 1, MemoryMappedFileAccess.Read)" },
        { "CreateOrOpen", "MemoryMappedFile.CreateOrOpen(\"x\", 1)" },
        { "CreateOrOpen", "MemoryMappedFile.CreateOrOpen(\"x\", 1, MemoryMappedFileAccess.Read)" },
        { "OpenExisting", "MemoryMappedFile.OpenExisting(\"x\")" },
        { "OpenExisting", "MemoryMappedFile.OpenExisting(\"x\", MemoryMappedFileRights.Read)" },
        { "CreateFromFile", "MemoryMappedFile.CreateFromFile(\"p\", FileMode.Open, \"x\")" },
        { "CreateFromFile", "MemoryMappedFile.CreateFromFile(\"p\", FileMode.Open, \"x\", 1)" },
    };

    public static TheoryData<string> OtherCalls =>
    [
        "MemoryMappedFile.CreateFromFile(\"p\")",
        "MemoryMappedFile.CreateFromFile(\"p\", FileMode.Open)",
        "MemoryMappedFile.CreateFromFile(\"p\", FileMode.Open, null, 1)",
        "MemoryMappedFile.CreateNew(null, 1)",
        "MemoryMappedFile.CreateNew(capacity: 1, mapName: null)",
        "Own.WaitAny(h)",
        "Mutex.OpenExisting(\"x\")",
        "h[0].WaitOne()",
        "Task.WaitAny(Task.CompletedTask)",
    ];

    [Theory]
    [MemberData(nameof(Calls))]
    public void A_call_is_intercepted_by_Fairlead(string method, string call)
    {
        string generated = Compilations.Generate(Compilations.WithPackage(Program(call)), Compilations.AllKinds);

        Assert.Single(Attribute().Matches(generated));
        Assert.Matches($@"global::Fairlead\.NamedHandles\.\w+\.{method}\(", generated);
        Assert.Contains("// File0.cs:", generated, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(OtherCalls))]
    public void Other_calls_are_not_intercepted(string call) =>
        Assert.Empty(Compilations.Generate(Compilations.WithPackage(Program(call)), Compilations.AllKinds));

    [Fact]
    public void A_call_by_using_static_is_intercepted_by_Fairlead() => Assert.Single(Attribute().Matches(Compilations.Generate(
        Compilations.WithPackage(
            "using static System.Threading.WaitHandle; class C { int A(System.Threading.WaitHandle[] h) => WaitAny(h); }"),
        Compilations.AllKinds)));

    [Fact]
    public void A_call_in_an_expression_tree_compiles() => Compilations.Generate(
        Compilations.WithPackage(Program("(System.Linq.Expressions.Expression<Func<int>>)(() => WaitHandle.WaitAny(h))")),
        Compilations.AllKinds);

    [Fact]
    public void Calls_of_one_overload_share_a_method()
    {
        string generated = Compilations.Generate(
            Compilations.WithPackage(
                Program("WaitHandle.WaitAny(h) + WaitHandle.WaitAny(h) + WaitHandle.WaitAny(h, 1)"),
                "static class Another { public static int Call(WaitHandle[] h) => WaitHandle.WaitAny(h); }"),
            Compilations.AllKinds);

        Assert.Equal(4, Attribute().Count(generated));
        Assert.Equal(2, Regex.Count(generated, "public static int WaitAny"));
    }

    [Theory]
    [InlineData("WaitHandle.WaitAny(h)", "Semaphore", true)]
    [InlineData("WaitHandle.WaitAny(h)", "Mutex", true)]
    [InlineData("WaitHandle.WaitAny(h)", "Event", true)]
    [InlineData("WaitHandle.WaitAny(h)", "Map", false)]
    [InlineData("MemoryMappedFile.OpenExisting(\"x\")", "Map", true)]
    [InlineData("MemoryMappedFile.OpenExisting(\"x\")", "Semaphore", false)]
    [InlineData("WaitHandle.WaitAny(h)", "", false)]
    public void The_switch_of_a_kind_decides_whether_its_calls_are_intercepted(string call, string kind, bool isIntercepted) =>
        Assert.Equal(isIntercepted, Compilations.Generate(Compilations.WithPackage(Program(call)), kind).Length > 0);

    [Fact]
    public void Nothing_is_generated_without_the_package() =>
        Assert.Empty(Compilations.Generate(Compilations.WithoutPackage(Program("WaitHandle.WaitAny(h)")), Compilations.AllKinds));

    /// <summary>A runtime with a new overload fails here: Fairlead needs its counterpart.</summary>
    [Theory]
    [InlineData(typeof(WaitHandle), typeof(NamedWaitHandles))]
    [InlineData(typeof(ThreadPool), typeof(NamedWaitHandles))]
    [InlineData(typeof(RegisteredWaitHandle), typeof(NamedWaitHandles))]
    [InlineData(typeof(MemoryMappedFile), typeof(NamedMemoryMaps))]
    public void Each_overload_of_the_platform_has_its_counterpart(Type platform, Type ours)
    {
        MethodInfo[] methods =
        [
            .. platform.GetMethods().Where(method =>
                Calls.Any(call => call.Data.Item1 == method.Name)
                && (platform != typeof(MemoryMappedFile) || method.GetParameters().Any(static one => one.Name == "mapName"))),
        ];

        Assert.NotEmpty(methods);
        Assert.All(methods, method =>
        {
            Type[] own = [.. method.GetParameters().Select(static one => one.ParameterType)];
            MethodInfo? counterpart = ours.GetMethod(method.Name, method.IsStatic ? own : [platform, .. own]);
            Assert.True(counterpart?.ReturnType == method.ReturnType, $"{ours.Name} has no counterpart of {method}.");
        });
    }

    [Fact]
    public void A_change_in_other_code_does_not_generate_again()
    {
        CSharpCompilation before = Compilations.WithPackage(Program("WaitHandle.WaitAny(h)"));
        GeneratorDriver driver = Compilations.Driver(Compilations.AllKinds, tracksSteps: true).RunGenerators(before);
        CSharpCompilation after = before.AddSyntaxTrees(
            CSharpSyntaxTree.ParseText("class Other { int A(C c) => c.GetHashCode(); }", Compilations.Options));

        ImmutableDictionary<string, ImmutableArray<IncrementalGeneratorRunStep>> steps =
            driver.RunGenerators(after).GetRunResult().Results[0].TrackedSteps;

        AssertCached(steps[InterceptorGenerator.CallStep]);
        AssertCached(steps[InterceptorGenerator.FileStep]);
    }

    private static void AssertCached(ImmutableArray<IncrementalGeneratorRunStep> steps) => Assert.All(
        steps.SelectMany(static step => step.Outputs),
        static output => Assert.True(
            output.Reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, $"{output.Reason}"));

    private static string Program(string call) => $$"""
        using System.IO.MemoryMappedFiles;
        static class Own { public static int WaitAny(WaitHandle[] h) => h.Length; }
        class C
        {
            RegisteredWaitHandle? Registered { get; set; }
            public object? Call()
            {
                {{Handles}}
                return {{call}};
            }
        }
        """;

    [GeneratedRegex(@"InterceptsLocationAttribute\(1, ")]
    private static partial Regex Attribute();
}
