using Fairlead.NamedHandles.Tests.Generator;

namespace Fairlead.NamedHandles.Tests.Programs;

/// <summary>The programs compile with the package and without it, and know nothing of it.</summary>
[FullRun(Reason.Repeats)]
public sealed class SourceTests
{
    private static readonly string[] Sources =
    [
        .. Directory.EnumerateFiles(Path.Combine(BuildFiles.Root, "tests/Fairlead.NamedHandles.Peer/Programs"), "*.cs")
            .Select(File.ReadAllText),
    ];

    [Fact]
    public void Programs_compile_without_the_package() => Assert.Empty(Compilations.Generate(
        Compilations.WithoutPackage(Sources)));

    [Fact]
    public async Task Programs_compile_with_the_package_without_changes()
    {
        Assert.NotEmpty(Compilations.Generate(Compilations.WithPackage(Sources), Compilations.AllKinds));
        Assert.Empty(await Compilations.AnalyzeAsync(Compilations.WithPackage(Sources), Compilations.AllKinds));
    }

    [Fact]
    public void Programs_do_not_name_Fairlead()
    {
        Assert.True(Sources.Length > 10);
        Assert.All(Sources, static source => Assert.DoesNotContain("Fairlead", source, StringComparison.OrdinalIgnoreCase));
    }
}
