namespace Fairlead.NamedHandles.Names;

/// <summary>What a caller wants of a name.</summary>
internal enum ObjectWish
{
    OpenOrCreate,
    OpenExisting,
    CreateNew,
}
