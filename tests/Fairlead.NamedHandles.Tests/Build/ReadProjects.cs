using System.Globalization;
using Fairlead.NamedHandles.Tests.Generator;

namespace Fairlead.NamedHandles.Tests.Build;

/// <summary>Projects of each kind, which one MSBuild reads. They import the files of the package as a restored project does.</summary>
public sealed class ReadProjects : IAsyncLifetime
{
    /// <summary>The property of a project that allows interceptors of its own.</summary>
    public const string ItsOwn = "<InterceptorsNamespaces>Its.Own</InterceptorsNamespaces>";

    private const string Report = """
        <Target Name="Report">
          <ItemGroup>
            <Line Include="aliases" List="@(Using->'%(Alias)')" />
            <Line Include="interceptors" List="$(InterceptorsNamespaces)" />
            <Line Include="map" List="$(UseFairleadNamedMap)" />
            <Line Include="semaphore" List="$(UseFairleadNamedSemaphore)" />
          </ItemGroup>
          <WriteLinesToFile File="report.txt" Lines="@(Line->'%(Identity) %(List)')" Overwrite="true" />
        </Target>
        """;

    private readonly DirectoryInfo _place = Directory.CreateTempSubdirectory("fl-switches-");
    private readonly Dictionary<(string Kind, string Framework, string Property), ReadProject> _projects = [];

    /// <summary>Returns what MSBuild made of a project.</summary>
    public ReadProject Of(string kind, string framework, string property) => _projects[(kind, framework, property)];

    public async ValueTask InitializeAsync()
    {
        (string Kind, string Framework, string Property)[] all =
        [
            .. SwitchTests.OnLinux.Select(static row => ("csproj", "net10.0", row.Data.Item1)),
            .. SwitchTests.Off.Select(static row => row.Data),
            ("csproj", "net10.0", ItsOwn),
        ];
        for (int i = 0; i < all.Length; i++)
        {
            await WriteAsync(FolderOf(i), all[i].Kind, all[i].Framework, all[i].Property);
        }

        await ReadAsync();
        for (int i = 0; i < all.Length; i++)
        {
            _projects[all[i]] = Parse(await File.ReadAllLinesAsync(Path.Combine(FolderOf(i), "report.txt")));
        }
    }

    public ValueTask DisposeAsync()
    {
        _place.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private string FolderOf(int number) => Path.Combine(_place.FullName, number.ToString(CultureInfo.InvariantCulture));

    private static async Task WriteAsync(string folder, string kind, string framework, string property)
    {
        string intermediate = Directory.CreateDirectory(Path.Combine(folder, "obj")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, $"one.{kind}"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>{framework}</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                {property}
              </PropertyGroup>
              {Report}
            </Project>
            """);
        foreach (string file in (string[])["props", "targets"])
        {
            await File.WriteAllTextAsync(
                Path.Combine(intermediate, $"one.{kind}.nuget.g.{file}"),
                $"""<Project><Import Project="{BuildFiles.PathOf(file)}" /></Project>""");
        }
    }

    private async Task ReadAsync()
    {
        (int exitCode, string output) = await MsBuild.RunAsync(_place, """
            <Project>
              <ItemGroup><One Include="*/one.*proj" /></ItemGroup>
              <Target Name="All"><MSBuild Projects="@(One)" Targets="Report" /></Target>
            </Project>
            """);
        Assert.True(exitCode == 0, output);
    }

    private static ReadProject Parse(string[] lines)
    {
        Dictionary<string, string> report = lines
            .Select(static line => line.Split(' ', 2))
            .ToDictionary(static parts => parts[0], static parts => parts[1]);
        return new(
            [.. List(report["aliases"]).Order(StringComparer.Ordinal)], List(report["interceptors"]), report["map"], report["semaphore"]);
    }

    private static string[] List(string text) => text.Split(';', StringSplitOptions.RemoveEmptyEntries);
}
