using System.Diagnostics;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;

namespace Fairlead.Docs.Tests;

/// <summary>
/// A package that uses internals of another one works with exactly the version that it was built with: with a newer one its calls find no
/// method. The compiled assembly says who uses its internals, and packing says what each package asks for.
/// </summary>
public sealed class PackageTests
{
    private const string Friend = "InternalsVisibleToAttribute";

    /// <summary>The libraries that are packed: those with a page of their own.</summary>
    public static TheoryData<string> Packages =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs/package"))
            .Select(static page => Path.GetFileNameWithoutExtension(page))];

    [Theory]
    [MemberData(nameof(Packages))]
    public async Task Package_demands_the_exact_version_of_those_whose_internals_it_uses_and_of_no_other(string package)
    {
        Dictionary<string, string> demanded = await DemandedAsync(package);

        Assert.Equal(package == "Fairlead", demanded.Count == 0);
        foreach ((string other, string version) in demanded)
        {
            Assert.Equal(FriendsOf(other).Contains(package), version[0] == '[' && version[^1] == ']');
        }
    }

    [Fact]
    public void Friends_of_Fairlead_are_read_from_its_assembly()
    {
        List<string> friends = FriendsOf("Fairlead");
        Assert.Contains("Fairlead.NamedHandles", friends);
        Assert.Contains("Fairlead.RabbitMQ", friends);
        Assert.DoesNotContain("Fairlead.Rpc", friends);
    }

    /// <summary>Returns the versions that the nuspec of a package gets, by the package that it asks for.</summary>
    private static async Task<Dictionary<string, string>> DemandedAsync(string package)
    {
        string project = Path.Combine(Repository.Root, "src", package);
        ProcessStartInfo start = new(
            "dotnet",
            [
                "msbuild", project, "-nodeReuse:false", "-nologo", "-p:NoBuild=true",
                "-t:_GetProjectReferenceVersions", "-getItem:_ProjectReferencesWithVersions",
            ])
        {
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output);
        using JsonDocument read = JsonDocument.Parse(output);
        return read.RootElement.GetProperty("Items").GetProperty("_ProjectReferencesWithVersions").EnumerateArray().ToDictionary(
            static one => one.GetProperty("Filename").GetString()!, static one => one.GetProperty("ProjectVersion").GetString()!);
    }

    private static List<string> FriendsOf(string assembly)
    {
        using PEReader file = new(File.OpenRead(Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll")));
        MetadataReader reader = file.GetMetadataReader();
        return
        [
            .. reader.GetAssemblyDefinition().GetCustomAttributes()
                .Select(reader.GetCustomAttribute)
                .Where(one => NameOf(reader, one) == Friend)
                .Select(one => TextOf(reader, one)),
        ];
    }

    private static string? NameOf(MetadataReader reader, CustomAttribute attribute) =>
        attribute.Constructor.Kind == HandleKind.MemberReference
        && reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent is { Kind: HandleKind.TypeReference } type
            ? reader.GetString(reader.GetTypeReference((TypeReferenceHandle)type).Name)
            : null;

    // The value of its only argument: a prologue of two bytes, then a text with its length.
    private static string TextOf(MetadataReader reader, CustomAttribute attribute)
    {
        BlobReader value = reader.GetBlobReader(attribute.Value);
        _ = value.ReadUInt16();
        return value.ReadSerializedString() ?? "";
    }
}
