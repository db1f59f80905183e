using Microsoft.CodeAnalysis;

namespace Fairlead.NamedHandles.Tests.Generator;

/// <summary>What the aliases of the props do to code.</summary>
public sealed class AliasTests
{
    [Fact]
    public void Each_alias_is_a_type_of_the_package() => Assert.All(
        BuildFiles.Aliases,
        static alias => Assert.Equal(alias.Name, typeof(NamedWaitHandles).Assembly.GetType(alias.Type, throwOnError: true)!.Name));

    [Theory]
    [InlineData("class C { Semaphore S = new(0, 1, \"x\"); }")]
    [InlineData("using System.Threading;\nclass C { Semaphore S = new(0, 1, \"x\"); }")]
    [InlineData("using System.Threading;\nnamespace N;\nclass C { Semaphore S = new(0, 1, \"x\"); }")]
    [InlineData("class C { List<Semaphore> S = new(); }")]
    [InlineData("class C { Type S = typeof(Semaphore); }")]
    [InlineData("class C { public string S = nameof(Semaphore.Release); }")]
    public void An_alias_wins_over_a_using_line(string code)
    {
        Compilation compiled = Compilations.WithPackage(code);

        Assert.Empty(Compilations.Findings(compiled));
        Assert.Equal("Fairlead.NamedHandles.Semaphore", NameOfSemaphore(compiled));
    }

    /// <summary>These mean the platform's type. The analyzer reports them.</summary>
    [Theory]
    [InlineData("class C { object S = new System.Threading.Semaphore(0, 1, \"x\"); }")]
    [InlineData("namespace N { using System.Threading; class C { object S = new Semaphore(0, 1, \"x\"); } }")]
    [InlineData("namespace N;\nusing System.Threading;\nclass C { object S = new Semaphore(0, 1, \"x\"); }")]
    public async Task A_using_line_inside_a_namespace_wins_over_an_alias(string code)
    {
        Compilation compiled = Compilations.WithPackage(code);

        Assert.Empty(Compilations.Findings(compiled));
        Assert.Equal("System.Threading.Semaphore", NameOfSemaphore(compiled));
        Assert.Equal("FLN001", Assert.Single(await Compilations.AnalyzeAsync(compiled, Compilations.AllKinds)).Id);
    }

    [Fact]
    public void A_type_of_the_programs_own_namespace_wins_over_an_alias()
    {
        Compilation compiled = Compilations.WithPackage("namespace N { class Semaphore; class C { object S = new Semaphore(); } }");

        Assert.Empty(Compilations.Findings(compiled));
        Assert.Equal("N.Semaphore", NameOfSemaphore(compiled));
    }

    [Theory]
    [InlineData("class Semaphore; class C { object S = new Semaphore(); }", "CS0576")]
    [InlineData("using Semaphore = System.Threading.SemaphoreSlim; class C { object S = new Semaphore(1); }", "CS1537")]
    [InlineData("using N; class C { object S = new Semaphore(); }\nnamespace N { class Semaphore; }", "CS1729")]
    public void A_conflicting_declaration_of_the_name_is_an_error(string code, string error) =>
        Assert.Contains(error, Compilations.Findings(Compilations.WithPackage(code)).Select(static found => found.Id));

    [Fact]
    public void An_AutoResetEvent_is_assignable_to_EventWaitHandle() => Assert.Empty(Compilations.Findings(Compilations.WithPackage(
        """
        class C
        {
            EventWaitHandle E = new AutoResetEvent(false);
            WaitHandle[] All = [new ManualResetEvent(true), new Mutex(), CancellationToken.None.WaitHandle];
        }
        """)));

    // The type of the expression, or of the type argument, that is a semaphore.
    private static string NameOfSemaphore(Compilation compiled)
    {
        SyntaxTree tree = compiled.SyntaxTrees.Last();
        SyntaxToken name = tree.GetRoot().DescendantTokens().Last(static token => token.ValueText == "Semaphore");
        return compiled.GetSemanticModel(tree).GetSymbolInfo(name.Parent!).Symbol switch
        {
            IMethodSymbol constructor => constructor.ContainingType.ToDisplayString(),
            { } symbol => symbol.ToDisplayString(),
            null => "",
        };
    }
}
